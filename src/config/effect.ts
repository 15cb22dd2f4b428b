/** Settings that were given and do nothing: nothing is ignored in silence. */
import type { CommandName } from './declare.ts';
import type { Assignment, Reading } from './reading.ts';

/** Where a file's old settings are mentioned; elsewhere the lines would only be in the way. */
const attentive: readonly CommandName[] = ['tap', 'install', 'config'];

/** false, nothing, none: who says so of a feature that is to come gets what was asked for. */
function asksForNothing(value: unknown): boolean {
  if (value === undefined || value === false || value === '' || value === 0) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function named({ located, origin }: Assignment): string {
  return `${located.path} (${origin.from})`;
}

function sentence(given: readonly Assignment[], one: string, several: string): string[] {
  if (given.length === 0) return [];
  return [`${given.map(named).join(', ')} ${given.length === 1 ? one : several}`];
}

export function effectNotices(
  assignments: readonly Assignment[],
  file: Reading,
  command: CommandName,
): string[] {
  const heeded = assignments.filter(
    ({ origin }) =>
      attentive.includes(command) || origin.layer === 'flag' || origin.layer === 'set',
  );
  const dead = heeded.filter(({ located }) => located.setting.status === 'dead');
  const coming = heeded.filter(
    ({ located, value }) => located.setting.status === 'coming' && !asksForNothing(value),
  );
  const path = file.assignments.find(({ located }) => located.path === 'config-path');
  return [
    ...sentence(
      dead,
      `no longer does anything: ${dead[0]?.located.setting.help}`,
      'no longer do anything',
    ),
    ...sentence(coming, 'is not built yet and does nothing', 'are not built yet and do nothing'),
    ...sentence(path === undefined ? [] : [path], 'is ignored: a file cannot say where it is', ''),
  ];
}
