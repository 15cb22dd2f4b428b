/** What bounds the work of a query; a text beyond a limit is a query error, a value beyond one is missing. */

/** Longest query text, UTF-16 units. */
export const queryLengthLimit = 10_000;
/** Parentheses, negations and macros within one another. */
export const nestingLimit = 100;
/** Longest pattern of a regular expression, UTF-16 units. */
export const patternLengthLimit = 1_000;
/** Instructions of a compiled regular expression; the time for a text is at worst this by its length. */
export const patternSizeLimit = 1_000;
/** Longest text that `json()` and `xml()` read, UTF-16 units. */
export const structuredTextLimit = 8 * 1024 * 1024;
/** Elements within one another that `xml()` and `..name` follow. */
export const structureDepthLimit = 200;
/** Values that one path may visit in one entry: bounds `..name`, `[*]` and `contains` on maps. */
export const visitLimit = 200_000;
/** Completions offered at once. */
export const completionLimit = 60;
/** Literals that `requiredLiterals` names at most. */
export const requiredLiteralLimit = 8;
