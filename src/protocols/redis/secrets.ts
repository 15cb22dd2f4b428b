/** Which words of a request, and which parts of an answer, are secrets. */
import { type Command, Special } from './commands.ts';

/** Settings whose values are secrets, in capitals. */
const secretSettings: readonly string[] = [
  'REQUIREPASS',
  'MASTERAUTH',
  'TLS-KEY-FILE-PASS',
  'TLS-CLIENT-KEY-FILE-PASS',
  'AUTH-PASS',
  'SENTINEL-PASS',
];

/** `word(i)` gives a word in capitals, or undefined behind the last one. */
export type WordAt = (at: number) => string | undefined;

export function isSecretSetting(name: string): boolean {
  return secretSettings.includes(name.toUpperCase());
}

/** Positions of the secret words, ascending. */
export function secretWords(command: Command, total: number, word: WordAt): number[] {
  switch (command.special) {
    case Special.Auth:
      return total > 1 ? [total > 2 ? 2 : 1] : [];
    case Special.Hello:
      return behind(total, word, 1, 'AUTH', 2);
    case Special.AclUser:
      return rulesWithPasswords(total, word);
    case Special.ConfigSet:
      return valuesOfSettings(total, word, 2);
    case Special.SentinelSet:
      return valuesOfSettings(total, word, 2);
    case Special.Migrate:
      return [...behind(total, word, 6, 'AUTH', 1), ...behind(total, word, 6, 'AUTH2', 2)];
    default:
      return [];
  }
}

/** Commands whose words may be secret. */
export function hasSecrets(command: Command): boolean {
  const { special } = command;
  return (
    special === Special.Auth ||
    special === Special.Hello ||
    special === Special.AclUser ||
    special === Special.ConfigSet ||
    special === Special.SentinelSet ||
    special === Special.Migrate
  );
}

/** Commands whose answers hold secrets. */
export function hasSecretAnswer({ special }: Command): boolean {
  return (
    special === Special.ConfigGet ||
    special === Special.SentinelSet ||
    special === Special.AclHashes ||
    special === Special.AclMadePassword
  );
}

/** The word `distance` behind `option`, looked for from `from` on. */
function behind(
  total: number,
  word: WordAt,
  from: number,
  option: string,
  distance: number,
): number[] {
  for (let i = from; i + distance < total; i++) if (word(i) === option) return [i + distance];
  return [];
}

/** `>password <password #hash !hash`, at any depth of brackets. */
function rulesWithPasswords(total: number, word: WordAt): number[] {
  const found: number[] = [];
  for (let i = 3; i < total; i++) if (/^[><#!]/.test(word(i) ?? '')) found.push(i);
  return found;
}

function valuesOfSettings(total: number, word: WordAt, from: number): number[] {
  const found: number[] = [];
  for (let i = from; i + 1 < total; i++) {
    if (secretSettings.includes(word(i) ?? '')) found.push(++i);
  }
  return found;
}
