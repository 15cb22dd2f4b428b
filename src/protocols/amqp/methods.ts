/** The methods and properties of AMQP 0-9-1, by number. */
import { SharedText } from '../../dissect/shared-text.ts';
import { methodTable } from './methods-table.ts';

/** How a field lies on the wire (section 4.2.5 of the specification). */
export const Kind = {
  /** Consecutive bits share one octet, the first in its lowest bit. */
  Bit: 0,
  Octet: 1,
  Short: 2,
  Long: 3,
  LongLong: 4,
  /** An octet with the length, then text. */
  ShortText: 5,
  /** A u32 with the length, then bytes. */
  LongText: 6,
  /** A u32 with the length, then named values. */
  Table: 7,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

const kindNames: Readonly<Record<string, Kind>> = {
  bit: Kind.Bit,
  octet: Kind.Octet,
  short: Kind.Short,
  long: Kind.Long,
  longlong: Kind.LongLong,
  text: Kind.ShortText,
  longtext: Kind.LongText,
  table: Kind.Table,
};

export interface Field {
  readonly name: string;
  readonly kind: Kind;
}

/** Who may send a method. */
export const Sender = { Client: 1, Server: 2, Both: 3 } as const;
export type Sender = (typeof Sender)[keyof typeof Sender];

export interface Method {
  readonly classId: number;
  readonly id: number;
  /** `basic publish` */
  readonly name: string;
  readonly rowText: SharedText;
  readonly sender: Sender;
  readonly fields: readonly Field[];
  /** It is followed by a content header and a body. */
  readonly content: boolean;
  /** A method that waits for an answer, unless its `noWait` is set. */
  readonly synchronous: boolean;
  /** Id of the method that this one answers; 0: none. */
  readonly answers: number;
  /** Number of the `noWait` bit; -1: it has none. */
  readonly noWaitBit: number;
}

const senders: Readonly<Record<string, Sender>> = {
  client: Sender.Client,
  server: Sender.Server,
  both: Sender.Both,
};

function readTable(table: string): Method[] {
  const found: Method[] = [];
  let classId = 0;
  let className = '';
  const [, ...blocks] = table.split(/\n(?=class| {2}\d)/);
  for (const block of blocks) {
    const [first = '', ...rest] = block.split('\n');
    const words = first.trim().split(' ');
    if (words[0] === 'class') {
      classId = Number(words[1]);
      className = words[2]!;
    } else {
      found.push(methodOf(classId, className, words, rest.join(' ')));
    }
  }
  return found;
}

function methodOf(
  classId: number,
  className: string,
  words: readonly string[],
  list: string,
): Method {
  const [id, name, sender] = words;
  const fields = list.split(',').flatMap((text): Field[] => {
    const [kind = '', field] = text.trim().split(/\s+/);
    return field === undefined ? [] : [{ name: field, kind: kindNames[kind]! }];
  });
  const bits = fields.filter(({ kind }) => kind === Kind.Bit);
  const answers = words.indexOf('answers');
  return {
    classId,
    id: Number(id),
    name: `${className} ${name}`,
    rowText: new SharedText(`${className} ${name}`),
    sender: senders[sender!]!,
    fields,
    content: words.includes('content'),
    synchronous: words.includes('asks'),
    answers: answers < 0 ? 0 : Number(words[answers + 1]),
    noWaitBit: bits.findIndex((bit) => bit.name === 'noWait'),
  };
}

export const methods: readonly Method[] = readTable(methodTable);

/** By class and method number, each below `numbers`; holes are undefined. */
const numbers = 128;
const byNumber: (Method | undefined)[] = new Array<Method | undefined>(numbers * numbers).fill(
  undefined,
);
for (const method of methods) byNumber[method.classId * numbers + method.id] = method;

/** The method with these numbers, or undefined when no specification known here has it. */
export function methodByNumber(classId: number, id: number): Method | undefined {
  if (classId >= numbers || id >= numbers) return undefined;
  return byNumber[classId * numbers + id];
}

/** Class and method numbers of the methods that the parser treats on their own. */
export const ClassId = {
  Connection: 10,
  Channel: 20,
  Access: 30,
  Exchange: 40,
  Queue: 50,
  Basic: 60,
  Confirm: 85,
} as const;
export const BasicId = {
  Qos: 10,
  Consume: 20,
  ConsumeOk: 21,
  Cancel: 30,
  CancelOk: 31,
  Publish: 40,
  Return: 50,
  Deliver: 60,
  Get: 70,
  GetOk: 71,
  Ack: 80,
  Reject: 90,
  RecoverAsync: 100,
  Recover: 110,
  RecoverOk: 111,
  Nack: 120,
} as const;

/** Properties of a content header in the order of their flags, the highest bit first. */
export const properties: readonly Field[] = [
  { name: 'contentType', kind: Kind.ShortText },
  { name: 'contentEncoding', kind: Kind.ShortText },
  { name: 'headers', kind: Kind.Table },
  { name: 'deliveryMode', kind: Kind.Octet },
  { name: 'priority', kind: Kind.Octet },
  { name: 'correlationId', kind: Kind.ShortText },
  { name: 'replyTo', kind: Kind.ShortText },
  { name: 'expiration', kind: Kind.ShortText },
  { name: 'messageId', kind: Kind.ShortText },
  { name: 'timestamp', kind: Kind.LongLong },
  { name: 'type', kind: Kind.ShortText },
  { name: 'userId', kind: Kind.ShortText },
  { name: 'appId', kind: Kind.ShortText },
  { name: 'clusterId', kind: Kind.ShortText },
];
