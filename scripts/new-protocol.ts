/**
 * `npm run new:protocol -- NAME [--title TITLE] [--label BADGE] [--code NUMBER]`: writes the folder of a
 * new protocol, small but working (lines of text, paired in order), and its line in the list. From there
 * on: `src/dissect/contract.ts` says what each part may do.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { protocolFiles } from './new-protocol/files.ts';

const usage = `Usage: npm run new:protocol -- NAME [--title TITLE] [--label BADGE] [--code NUMBER]

  NAME    lower case, words joined by dashes: the folder under src/protocols/ and the macro

Example: npm run new:protocol -- memcached --title Memcached --label MC`;

/** Codes are what the store keeps of a protocol: they are never used twice. */
const maxCode = 250;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    title: { type: 'string' },
    label: { type: 'string' },
    code: { type: 'string' },
    /** Another checkout: for the test. */
    root: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

if (values.help) {
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}
const [name] = positionals;
if (name === undefined || positionals.length > 1) refuse(usage);
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
  refuse(`${name} is no name for a protocol: lower case, digits, words joined by dashes.`);
}
const folder = join(values.root, 'src/protocols', name);
const list = join(values.root, 'src/protocols/index.ts');
if (existsSync(folder)) refuse(`src/protocols/${name} is there already.`);

const code = codeOf(values.code);
const files = protocolFiles({
  name,
  title: values.title ?? name,
  label: values.label ?? name.toUpperCase(),
  code,
});
mkdirSync(folder);
for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
writeFileSync(list, withLine(readFileSync(list, 'utf8'), name));
process.stdout.write(`src/protocols/${name}/ was written, and its line in src/protocols/index.ts.
Try it: npx vitest run src/protocols/${name}
`);

/** The given code, or the lowest one from 100 that no folder uses. */
function codeOf(text: string | undefined): number {
  if (text === undefined) {
    const used = readFileSync(list, 'utf8').match(/from '\.\/[^']+'/g) ?? [];
    const taken = new Set(used.map((line) => codeIn(line.slice(8, -1))));
    for (let free = 100; free <= maxCode; free++) if (!taken.has(free)) return free;
    refuse('All codes are used.');
  }
  const given = Number(text);
  if (!Number.isInteger(given) || given < 1 || given > maxCode) {
    refuse(`--code ${text}: a whole number from 1 to ${maxCode} is needed.`);
  }
  return given;
}

/** `code: 40` in the declaration of an imported protocol. */
function codeIn(file: string): number {
  const path = join(values.root, 'src/protocols', file);
  if (!existsSync(path)) return 0;
  return Number(/^ {2}code: (\d+),/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
}

/** The list with the import and the protocol as its last element. */
function withLine(text: string, protocol: string): string {
  const variable = variableOf(protocol);
  const imports = text.lastIndexOf('\nimport ');
  const importEnd = text.indexOf('\n', imports + 1);
  const line = `\nimport { ${variable} } from './${protocol}/index.ts';`;
  const imported = text.slice(0, importEnd) + line + text.slice(importEnd);
  return imported.replace(
    /(export const protocols: readonly Protocol\[\] = \[)([^\]]*)\]/,
    (_all, start: string, inner: string) => {
      const kept = inner.trimEnd().replace(/,$/, '');
      const multiline = inner.includes('\n');
      return multiline ? `${start}${kept},\n  ${variable},\n]` : `${start}${kept}, ${variable}]`;
    },
  );
}

function variableOf(protocol: string): string {
  return `${protocol.replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase())}Protocol`;
}
