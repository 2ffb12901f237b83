/** The version of Fusebox that this is: the same for every part of it, and equal to that in package.json. */
export const PRODUCT_VERSION = '0.1.0';
