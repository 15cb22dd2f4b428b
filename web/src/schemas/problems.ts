/** What was wrong with a schema file: the server's sentence → file, line and reason. */

export interface Problem {
  /** Empty when the sentence is of no file. */
  readonly file: string;
  readonly line: number | undefined;
  readonly text: string;
}

const lineAtEnd = /\s*\((?:[^()]*,\s*)?line (\d+)\)\s*$/;

/** `cart.proto: illegal token '}' (line 3)` → its parts; `names` are those of the given files. */
export function problemOf(sentence: string, names: readonly string[]): Problem {
  // The longest: `a.proto` may be the beginning of `a.proto: copy.proto`.
  const file = names
    .filter((name) => sentence.startsWith(`${name}: `))
    .reduce((longest, name) => (name.length > longest.length ? name : longest), '');
  const said = file === '' ? sentence : sentence.slice(file.length + 2);
  const line = lineAtEnd.exec(said);
  return {
    file,
    line: line === null ? undefined : Number(line[1]),
    text: line === null ? said : said.slice(0, line.index),
  };
}
