import { parseHost, parseNetwork } from './addresses.ts';
import { FilterError } from './filter-error.ts';
import { PORT_NAMES, PROTOCOL_NAMES, UNSUPPORTED_WORDS } from './names.ts';
import type { Direction, Expression, Family, NetworkPrimitive } from './syntax.ts';
import { IpProtocol } from './syntax.ts';
import { type Token, tokenize } from './tokens.ts';

/** Parentheses and `not` inside each other. */
const MAX_DEPTH = 100;
/** Primitives in an expression. */
const MAX_PRIMITIVES = 1_000;

type Kind = 'host' | 'net' | 'port' | 'portrange' | 'proto';

/** What stands in front of a value: `tcp src port`. A later value without any inherits it. */
interface Qualifiers {
  protocol: Token | undefined;
  direction: Direction | undefined;
  kind: Kind | undefined;
}

const KINDS: ReadonlySet<string> = new Set(['host', 'net', 'port', 'portrange', 'proto']);
const FAMILIES: ReadonlySet<string> = new Set(['ip', 'ip6', 'arp', 'rarp']);
const PORT_TRANSPORTS = [IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Sctp];

/** Parses a capture filter in tcpdump's language. Throws a `FilterError`. */
export function parseFilter(expression: string): Expression {
  return new Parser(expression).parse();
}

class Parser {
  private readonly tokens: Token[];
  private readonly end: number;
  private at = 0;
  private depth = 0;
  private primitives = 0;
  private inherited: Qualifiers | undefined;

  constructor(expression: string) {
    this.tokens = tokenize(expression);
    this.end = expression.length;
  }

  parse(): Expression {
    if (this.tokens.length === 0) throw new FilterError(0, 'the expression is empty');
    const expression = this.combination();
    const rest = this.tokens[this.at];
    if (rest !== undefined) {
      throw new FilterError(
        rest.position,
        rest.text === ')'
          ? 'this parenthesis was never opened'
          : `"${rest.text}" needs "and" or "or" in front of it`,
      );
    }
    return expression;
  }

  /** `and` and `or` bind equally tight and to the left, as in tcpdump. */
  private combination(): Expression {
    let left = this.term();
    for (;;) {
      const operator = this.peek();
      if (operator !== 'and' && operator !== 'or') return left;
      this.at++;
      const right = this.term();
      left =
        left.kind === operator
          ? { kind: operator, operands: [...left.operands, right] }
          : { kind: operator, operands: [left, right] };
    }
  }

  private term(): Expression {
    const text = this.peek();
    if (text !== 'not' && text !== '(') return this.primitive();
    const opening = this.next('');
    if (++this.depth > MAX_DEPTH) throw new FilterError(opening.position, 'nested too deeply');
    const inner = text === 'not' ? this.term() : this.parenthesis(opening);
    this.depth--;
    return text === 'not' ? { kind: 'not', operand: inner } : inner;
  }

  private parenthesis(opening: Token): Expression {
    const inner = this.combination();
    if (this.peek() !== ')') {
      throw new FilterError(opening.position, 'this parenthesis is never closed');
    }
    this.at++;
    return inner;
  }

  private primitive(): Expression {
    const first = this.tokens[this.at];
    if (first === undefined) throw new FilterError(this.end, 'something is missing at the end');
    if (++this.primitives > MAX_PRIMITIVES) {
      throw new FilterError(first.position, `more than ${MAX_PRIMITIVES} conditions`);
    }
    if (UNSUPPORTED_WORDS.has(first.text)) {
      throw new FilterError(
        first.position,
        `"${first.text}" is not supported in capture filters; see docs/capture-filter.md`,
      );
    }
    if (first.text === 'less' || first.text === 'greater') return this.length(first);
    const written = this.qualifiers();
    if (written === undefined) {
      // A bare value, as the second one in `port 80 or 443`.
      const inherited = this.inherited ?? {
        protocol: undefined,
        direction: undefined,
        kind: 'host',
      };
      return this.value(inherited);
    }
    if (written.kind === undefined && written.direction === undefined && !this.atValue()) {
      return protocolAlone(written.protocol!);
    }
    this.inherited = written;
    return this.peek() === '(' ? this.term() : this.value(written);
  }

  /** Reads `tcp`, `src or dst`, `port`, in this order, each optional; undefined when none is there. */
  private qualifiers(): Qualifiers | undefined {
    const from = this.at;
    const found: Qualifiers = { protocol: undefined, direction: undefined, kind: undefined };
    const protocol = this.tokens[this.at];
    if (
      protocol !== undefined &&
      (FAMILIES.has(protocol.text) || PROTOCOL_NAMES.has(protocol.text))
    ) {
      found.protocol = protocol;
      this.at++;
    }
    found.direction = this.direction();
    const kind = this.peek();
    if (kind !== undefined && KINDS.has(kind)) {
      found.kind = kind as Kind;
      this.at++;
    }
    return this.at === from ? undefined : found;
  }

  private direction(): Direction | undefined {
    const side = this.peek();
    if (side !== 'src' && side !== 'dst') return undefined;
    this.at++;
    const operator = this.peek();
    const other = this.tokens[this.at + 1]?.text;
    const opposite = side === 'src' ? 'dst' : 'src';
    if ((operator === 'and' || operator === 'or') && other === opposite) {
      this.at += 2;
      return operator === 'and' ? 'both' : 'either';
    }
    return side === 'src' ? 'source' : 'destination';
  }

  /** Whether the next token can be an address or a number. */
  private atValue(): boolean {
    const text = this.peek();
    return text !== undefined && (/^[\da-f]*[:.\d]/.test(text) || text === 'localhost');
  }

  private value(qualifiers: Qualifiers): Expression {
    const { kind = 'host', direction = 'either', protocol } = qualifiers;
    const value = this.next(kind);
    if (kind === 'proto') return protocolNumber(value, qualifiers);
    if (kind === 'port' || kind === 'portrange') {
      const [first, last] = kind === 'port' ? onePort(value) : portRange(value);
      return { kind: 'port', transports: transportsOf(protocol), direction, first, last };
    }
    if (/^\d+$/.test(value.text) && kind === 'host') {
      throw new FilterError(
        value.position,
        `"${value.text}" alone is unclear; write: port ${value.text}`,
      );
    }
    const network = kind === 'host' ? parseHost(value) : parseNetwork(value, this.mask());
    const family = addressFamily(protocol, network.words.length, value);
    return { kind: 'network', family, direction, network };
  }

  private mask(): Token | undefined {
    if (this.peek() !== 'mask') return undefined;
    this.at++;
    return this.next('mask');
  }

  private length(word: Token): Expression {
    this.at++;
    const value = this.next(word.text);
    if (!/^\d{1,9}$/.test(value.text)) {
      throw new FilterError(value.position, `"${value.text}" is not a number of bytes`);
    }
    const comparison = word.text === 'less' ? 'at-most' : 'at-least';
    return { kind: 'length', comparison, bytes: Number(value.text) };
  }

  private peek(): string | undefined {
    return this.tokens[this.at]?.text;
  }

  private next(behind: string): Token {
    const token = this.tokens[this.at];
    if (token === undefined)
      throw new FilterError(this.end, `a value is missing behind "${behind}"`);
    if (token.text === ')' || token.text === 'and' || token.text === 'or') {
      throw new FilterError(token.position, `a value is missing in front of "${token.text}"`);
    }
    this.at++;
    return token;
  }
}

function protocolAlone(token: Token): Expression {
  const number = PROTOCOL_NAMES.get(token.text);
  if (number === undefined) return { kind: 'protocol', family: token.text as Family, number };
  if (number === IpProtocol.Icmp) return { kind: 'protocol', family: 'ip', number };
  if (number === IpProtocol.Icmp6) return { kind: 'protocol', family: 'ip6', number };
  return { kind: 'protocol', family: 'ip-any', number };
}

function protocolNumber(value: Token, { protocol, direction }: Qualifiers): Expression {
  const name = value.text.replace(/^\\+/, '');
  const number = PROTOCOL_NAMES.get(name) ?? (/^\d{1,3}$/.test(name) ? Number(name) : 256);
  if (number > 255) {
    throw new FilterError(
      value.position,
      `"${value.text}" is not an IP protocol (0 to 255, tcp, ...)`,
    );
  }
  const family = protocol?.text ?? 'ip-any';
  if (direction !== undefined || (family !== 'ip' && family !== 'ip6' && family !== 'ip-any')) {
    throw new FilterError(value.position, '"proto" goes only with "ip" or "ip6" in front');
  }
  return { kind: 'protocol', family, number };
}

function transportsOf(protocol: Token | undefined): number[] {
  if (protocol === undefined) return PORT_TRANSPORTS;
  const number = PROTOCOL_NAMES.get(protocol.text);
  if (number === undefined || !PORT_TRANSPORTS.some((transport) => transport === number)) {
    throw new FilterError(
      protocol.position,
      `"${protocol.text}" has no ports; write: tcp, udp or sctp`,
    );
  }
  return [number];
}

function addressFamily(
  protocol: Token | undefined,
  words: number,
  value: Token,
): NetworkPrimitive['family'] {
  if (protocol === undefined) return 'any';
  const family = protocol.text;
  if (family !== 'ip' && family !== 'ip6' && family !== 'arp' && family !== 'rarp') {
    throw new FilterError(
      protocol.position,
      `"${family}" has no addresses of its own; write: ${family} and host ${value.text}`,
    );
  }
  if ((family === 'ip6') !== (words === 4)) {
    throw new FilterError(value.position, `"${value.text}" is not an address of ${family}`);
  }
  return family;
}

function onePort(value: Token): [number, number] {
  const port = portNumber(value.text);
  if (port === undefined) {
    throw new FilterError(
      value.position,
      value.text.includes('-')
        ? `"${value.text}" is a range; write: portrange ${value.text}`
        : `"${value.text}" is not a port (0 to 65535, or a name like http)`,
    );
  }
  return [port, port];
}

function portRange(value: Token): [number, number] {
  const match = /^(\d+|[a-z\d]+)-(\d+|[a-z\d]+)$/.exec(value.text);
  const one = portNumber(match?.[1] ?? value.text);
  const other = portNumber(match?.[2] ?? value.text);
  if (one === undefined || other === undefined) {
    throw new FilterError(value.position, `"${value.text}" is not a range of ports like 8000-8080`);
  }
  return [Math.min(one, other), Math.max(one, other)];
}

function portNumber(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return PORT_NAMES.get(text);
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}
