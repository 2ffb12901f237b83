/** The version of this program: that of the repository. */
export const VERSION = '0.1.0';
