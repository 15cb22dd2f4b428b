/** The names that queries may use for Redis. */
import type { FieldDeclaration } from '../../dissect/contract.ts';
import { field } from '../field.ts';
import { commands } from './commands.ts';
import { errorClasses } from './errors.ts';

const names = commands.filter(({ container }) => !container).map(({ name }) => name);
const groups = [...new Set(commands.map(({ group }) => group))].sort();
const types = [
  'Simple String',
  'Error',
  'Integer',
  'Bulk String',
  'Array',
  'Null',
  'Double',
  'Boolean',
  'Bulk Error',
  'Verbatim String',
  'Big Number',
  'Map',
  'Set',
  'Push',
];
const errorCodes = ['ERR', 'WRONGTYPE', 'NOAUTH', 'NOPERM', 'MOVED', 'ASK', 'NOSCRIPT', 'BUSY'];

export const redisFields: readonly FieldDeclaration[] = [
  field('text', 'request.command', 'Command in capitals, with its subcommand: CLIENT SETNAME', {
    values: names,
    column: 'method',
  }),
  field('text', 'request.subcommand', 'Subcommand in capitals'),
  field('text', 'request.type', 'How it was sent', { values: ['Array', 'Inline'] }),
  field('text', 'request.key', 'First key; channel, setting or the like where there is no key'),
  field('list', 'request.keys', 'All keys'),
  field('text', 'request.value', 'What is neither key nor subcommand; several as [a, b]'),
  field('text', 'request.keyword', 'Subcommand, or first option: NX'),
  field('list', 'request.options', 'Option words: NX, EX'),
  field(
    'list',
    'request.arguments',
    'All words behind the command; bytes that are no text as \\x80',
  ),
  field('text', 'request.typed', 'The command as one would type it'),
  field('text', 'request.group', 'Group of the command', { values: groups }),
  field('list', 'request.queued', 'EXEC: the commands queued since MULTI, as typed'),
  field('boolean', 'request.cut', 'Only the beginning was kept'),
  field('text', 'response.type', 'Type of the reply', { values: types }),
  field('text', 'response.value', 'The reply as text; a list as [a, b]; payload of a message'),
  field(
    'text',
    'response.keyword',
    'Status or first word of an error: OK, QUEUED, WRONGTYPE; ABORTED: EXEC, a watched key had changed',
  ),
  field('map', 'response.reply', 'The reply: text, number, list or map'),
  field('number', 'response.count', 'Elements of a list, set or map; confirmations'),
  field('text', 'response.error', 'Message of the error'),
  field('text', 'response.errorCode', 'First word of the error', { values: errorCodes }),
  field('text', 'response.errorClass', 'Class of the error', { values: errorClasses }),
  field('number', 'response.slot', 'MOVED, ASK: hash slot'),
  field('text', 'response.address', 'MOVED, ASK: the node to ask'),
  field('text', 'response.command', 'Of a push: MESSAGE, PMESSAGE, INVALIDATE, MONITOR'),
  field('text', 'response.key', 'Of a push: channel, or first key that is invalid'),
  field('list', 'response.keys', 'INVALIDATE: all keys'),
  field('text', 'response.pattern', 'PMESSAGE: the pattern that the channel matches'),
  field('list', 'response.results', 'EXEC: command, typed, reply of each command'),
  field('map', 'response.attributes', 'Attributes of the reply (RESP3)'),
  field('text', 'response.format', 'Format of a verbatim string', { values: ['txt', 'mkd'] }),
  field('boolean', 'response.cut', 'Only the beginning was kept'),
];
