/**
 * Writes what users read about protocols from their declarations: the table in `README.md` between its
 * two marks, and `docs/protocols.md`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { FieldDeclaration, Protocol } from '../src/dissect/contract.ts';
import { protocols } from '../src/protocols/index.ts';

export const readmePath = new URL('../README.md', import.meta.url);
export const pagePath = new URL('../docs/protocols.md', import.meta.url);

const startMark = '<!-- protocols: made by scripts/protocol-docs.ts -->';
const endMark = '<!-- end of protocols -->';

const pairings = {
  order: 'answers come in the order of requests',
  key: 'answers name their requests',
  none: 'every message is an entry of its own',
} as const;

function macrosOf({ macros }: Protocol): string {
  const names = Object.keys(macros);
  return names.length === 0 ? '' : names.map((name) => `\`${name}\``).join(', ');
}

function titled({ title, specification }: Protocol): string {
  return specification === '' ? title : `[${title}](${specification})`;
}

/** One row a badge: variants of a protocol that share it are named once. */
function byBadge(): Protocol[] {
  const seen = new Set<string>();
  return protocols.filter(({ label }) => !seen.has(label) && seen.add(label));
}

export function protocolTable(): string {
  const rows = byBadge().map(
    (protocol) => `| ${protocol.label} | ${titled(protocol)} | ${macrosOf(protocol)} |`,
  );
  return ['| Badge | Protocol | In a query |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The README with the table of today. */
export function readmeWithTable(text: string): string {
  const from = text.indexOf(startMark);
  const to = text.indexOf(endMark);
  if (from < 0 || to < from) throw new Error(`README.md has no place for the table: ${startMark}`);
  return `${text.slice(0, from + startMark.length)}\n${protocolTable()}\n${text.slice(to)}`;
}

function fieldRow({ path, type, help, values }: FieldDeclaration): string {
  const some = (values ?? []).slice(0, 6).map((value) => `\`${value}\``);
  const more = (values ?? []).length > some.length ? ', ...' : '';
  const examples = some.length === 0 ? '' : ` (${some.join(', ')}${more})`;
  return `| \`${path}\` | ${type} | ${help.replaceAll('|', '\\|')}${examples.replaceAll('|', '\\|')} |`;
}

function section(protocol: Protocol): string {
  const { title, id, name, ports, macros, fields, parser, pairing } = protocol;
  const facts = [
    `* \`protocol.name\` is \`${name ?? id}\`, the badge \`${protocol.label}\`.`,
    ...Object.entries(macros).map(
      ([macro, query]) => `* \`${macro}\` in a query means \`${query}\`.`,
    ),
    parser === undefined
      ? '* A form of what another protocol carries: its entries have the fields of that one as well.'
      : `* Recognised by its bytes on any port; ${pairings[pairing]}.`,
    ...(ports.length > 0 ? [`* Usual ports: ${ports.join(', ')}; they prove nothing.`] : []),
  ];
  const table =
    fields.length === 0
      ? []
      : ['', '| Field | Type | Meaning |', '| --- | --- | --- |', ...fields.map(fieldRow)];
  return [`## ${title}`, '', ...facts, ...table].join('\n');
}

export function protocolPage(): string {
  const introduction = `# Protocols

<!-- Made by scripts/protocol-docs.ts from src/protocols/; edit those. -->

Every protocol is recognised by its content, on any port, from the beginning of a connection or in the middle of one. What
every entry has (\`src.name\`, \`elapsedTime\`, \`status\`, ...) is in [the query language](query-language.md).

${protocolTable()}
`;
  return `${introduction}\n${protocols.map(section).join('\n\n')}\n`;
}

if (import.meta.main) {
  writeFileSync(pagePath, protocolPage());
  writeFileSync(readmePath, readmeWithTable(readFileSync(readmePath, 'utf8')));
}
