/** Regular expressions of users: RE2 semantics, so that no pattern takes more than linear time. */
import { RE2JS } from 're2js';
import { patternLengthLimit, patternSizeLimit } from './limits.ts';

/** Compiled pattern, or why it cannot be. */
export function compilePattern(pattern: string): RE2JS | string {
  if (pattern.length > patternLengthLimit) {
    return `a pattern may have ${patternLengthLimit} characters`;
  }
  try {
    const compiled = RE2JS.compile(pattern);
    return compiled.programSize() > patternSizeLimit ? 'the pattern is too large' : compiled;
  } catch (error) {
    return error instanceof Error ? error.message : 'the pattern is not valid';
  }
}

const special = /[\\^$.|?*+()[\]{}]/;

/** A test for texts; patterns that did not compile match nothing. */
export function patternTest(pattern: string): (text: string) => boolean {
  if (!special.test(pattern)) return (text) => text.includes(pattern);
  const compiled = compilePattern(pattern);
  if (typeof compiled === 'string') return () => false;
  return (text) => compiled.test(text);
}
