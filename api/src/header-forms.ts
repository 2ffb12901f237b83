import { type Form, matching } from './schema.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
// RFC 9110 §5.5: visible characters, and spaces and tabs between them.
const VALUE = /^[\x21-\x7e\x80-\uffff](?:[\t\x20-\x7e\x80-\uffff]{0,4094}[\x21-\x7e\x80-\uffff])?$/;

// RE2 counts no repetition beyond 1000, and characters where JavaScript counts UTF-16 units.
const VALUE_RE2 = String.raw`^[\x21-\x7e\x{80}-\x{10ffff}]([\t\x20-\x7e\x{80}-\x{10ffff}]*[\x21-\x7e\x{80}-\x{10ffff}])?$`;

/** A field name as RFC 9110 §5.1 has it: a token. */
export const headerName: Form = matching(TOKEN, 'is not a header name');

/** A field value as RFC 9110 §5.5 has it, not empty. */
export const headerValue: Form = matching(VALUE, 'is not a header value', VALUE_RE2);

/** A method as RFC 9110 §9.1 has it: a token. */
export const methodName: Form = matching(TOKEN, 'is not a method');
