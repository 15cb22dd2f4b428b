/** The configuration as text: the template, and what is in effect. */
import type { Branches, Group, Setting } from './declare.ts';
import type { LoadedConfig } from './load.ts';
import { schema, settings } from './schema.ts';
import { expectation, writable } from './values.ts';

const width = 100;

/** Words that YAML reads as something else than a text. */
const otherMeaning = /^(true|false|yes|no|on|off|null|y|n|~)$/i;

/** A text as YAML, quoted only where it must be. */
function quoted(text: string): string {
  const isWord = /^[A-Za-z/~.][\w./~*:-]*$/.test(text) && !/:$|^[.~]\d|^\.(inf|nan)?$/i.test(text);
  const isQuantity = /^\d+(\.\d+)?[A-Za-z]+$|^\d+(\.\d+){3}$/.test(text);
  return (isWord || isQuantity) && !otherMeaning.test(text) ? text : JSON.stringify(text);
}

/** Any plain value as YAML on one line. */
export function inline(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(([name, inner]) => `${quoted(name)}: ${inline(inner)}`);
  return `{${pairs.join(', ')}}`;
}

/** A setting on one line; a list that does not fit has a line for each element. */
function valueLines(name: string, value: unknown, indent: string, mark: string): string[] {
  const line = `${indent}${mark}${name}: ${inline(value)}`;
  if (line.length <= width || !Array.isArray(value)) return [line];
  return [
    `${indent}${mark}${name}:`,
    ...value.flatMap((element) => elementLines(element).map((each) => `${indent}${mark}  ${each}`)),
  ];
}

/** An element of a list: a map with a line for each member. */
function elementLines(element: unknown): string[] {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) {
    return [`- ${inline(element)}`];
  }
  const members = Object.entries(element).map(
    ([name, inner]) => `${quoted(name)}: ${inline(inner)}`,
  );
  return members.map((member, i) => (i === 0 ? `- ${member}` : `  ${member}`));
}

function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of text.split(' ')) {
    if (line.length + word.length >= width) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** What a template says about a setting. */
function explanation(setting: Setting): string {
  const parts = [setting.help];
  if (setting.kind === 'choice') parts.push(expectation(setting));
  if (setting.shown !== undefined) parts.push(`default: ${setting.shown}`);
  if (setting.status === 'coming') parts.push('not built yet');
  return parts.join('; ');
}

function isInTemplate(node: Setting | Group): boolean {
  if (node.node === 'group') return Object.values(node.children).some(isInTemplate);
  return node.once !== true && (node.status === 'active' || node.status === 'coming');
}

/** Whether everything below is still to come: then it is there to be read only. */
function isOff(node: Setting | Group): boolean {
  if (node.node === 'setting') return node.status === 'coming';
  return Object.values(node.children).filter(isInTemplate).every(isOff);
}

function templateLines(branches: Branches, indent: string, off: boolean): string[] {
  return Object.entries(branches)
    .filter(([, node]) => isInTemplate(node))
    .flatMap(([name, node]) => {
      const mark = off || isOff(node) ? '# ' : '';
      if (node.node === 'setting') {
        const lines = valueLines(name, writable(node, node.default), indent, mark);
        return [...comment(explanation(node), indent), ...lines];
      }
      const inner = templateLines(node.children, `${indent}  `, off || mark !== '');
      const space = indent === '' ? [''] : [];
      return [
        ...space,
        ...comment(node.help, indent),
        `${indent}${mark}${name}:`,
        ...inner,
        ...space,
      ];
    });
}

/** Every setting with its default, explained: valid YAML, and a configuration that changes nothing. */
export function configTemplate(): string {
  const head = comment(
    "Mizu's configuration; each value here is the default. Environment variables, --set and flags" +
      ' win over this file. `mizu config --effective` says what is in effect and why.',
    '',
  );
  const body = [...head, '', ...templateLines(schema, '', false)].join('\n');
  return `${body.replace(/\n{3,}/g, '\n\n').trimEnd()}\n`;
}

function isEmpty(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
}

/** A line for each setting: its value, and where that comes from. Secrets stay secret. */
export function effectiveConfig({ values, origins }: LoadedConfig): string {
  const lines = settings
    .filter(({ path }) => path in values)
    .map(({ path, setting }): [string, string] => {
      const value = values[path];
      const isDefault = origins[path]!.layer === 'default';
      const isHidden = setting.secret === true && !isEmpty(value);
      const text = isHidden ? '"***"' : inline(writable(setting, value));
      const note = setting.status === 'coming' && !isDefault ? ', not built yet' : '';
      return [`${path}: ${text}`, `${origins[path]!.from}${note}`];
    });
  const column = Math.min(60, Math.max(...lines.map(([text]) => text.length)));
  return lines.map(([text, from]) => `${text.padEnd(column)}  # ${from}\n`).join('');
}
