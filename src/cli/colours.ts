/** Colours on a terminal; plain text anywhere else. */
import type { TextOutput } from './context.ts';

export type Colour = 'green' | 'yellow' | 'red' | 'magenta';

const codes: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, magenta: 35 };

export function coloured(
  text: string,
  colour: Colour,
  output: TextOutput,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  // https://no-color.org
  if (output.isTTY !== true || environment['NO_COLOR']) return text;
  return `\u001b[${codes[colour]}m${text}\u001b[0m`;
}
