/**
 * Openings of protocols that Mizu does not know, with random contents, written by hand from their
 * specifications: what the client says and what the server does.
 */

type Random = () => number;
type Bytes = Uint8Array;
type Part = Bytes | string | readonly number[];

export interface Opening {
  readonly client: Bytes;
  readonly server: Bytes;
}

const join = (...parts: readonly Part[]): Bytes =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
    ),
  );
const be16 = (value: number) => [(value >> 8) & 255, value & 255];
const be32 = (value: number) => [(value >>> 24) & 255, ...be24(value)];
const be24 = (value: number) => [(value >> 16) & 255, ...be16(value)];
const le32 = (value: number) => be32(value).reverse();
const le24 = (value: number) => be24(value).reverse();

/** Draws what the openings are filled with. */
class Draw {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  bytes(length: number): Bytes {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  word(): string {
    const one = this.one(['user', 'orders', 'shop', 'alpha', 'GET', 'SET', 'admin', 'x', 'Stats']);
    return `${one}${this.below(1000)}`;
  }

  one<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  text(): string {
    return Array.from({ length: 1 + this.below(12) }, () => this.word()).join(' ');
  }
}

function tlsRecord(type: number, minor: number, body: Bytes): Bytes {
  return join([type, 3, minor], be16(body.length), body);
}

function tls(draw: Draw): Opening {
  const minor = draw.below(4);
  const hello = join(
    [3, 3],
    draw.bytes(32),
    [32],
    draw.bytes(32),
    be16(6),
    draw.bytes(6),
    [1, 0],
    be16(40),
    draw.bytes(40),
  );
  const wrap = (type: number, body: Bytes) => join([type], be24(body.length), body);
  return {
    client: tlsRecord(22, minor, wrap(1, hello)),
    server: join(
      tlsRecord(22, 3, wrap(2, hello)),
      tlsRecord(20, 3, join([1])),
      tlsRecord(23, 3, draw.bytes(200 + draw.below(900))),
    ),
  };
}

function ssh(draw: Draw): Opening {
  const lists = Array.from({ length: 10 }, () => {
    const names = `${draw.word()}-sha256,${draw.word()}@openssh.com`;
    return join(be32(names.length), names);
  });
  const body = join([20], draw.bytes(16), ...lists, [0, 0, 0, 0, 0]);
  const packet = join(be32(body.length + 5), [4], body, draw.bytes(4));
  return {
    client: join(`SSH-2.0-OpenSSH_${draw.below(10)}.${draw.below(10)}\r\n`, packet),
    server: join(`SSH-2.0-dropbear_20${draw.below(99)}\r\n`, packet, draw.bytes(300)),
  };
}

function mysql(draw: Draw): Opening {
  const packet = (number: number, body: Bytes) => join(le24(body.length), [number], body);
  const greeting = join(
    [10],
    `8.0.${draw.below(40)}\0`,
    le32(draw.below(9999)),
    draw.bytes(8),
    [0, 255, 247, 8, 2, 0, 255, 193, 21],
    new Uint8Array(10),
    draw.bytes(12),
    [0],
    'mysql_native_password\0',
  );
  const login = join(
    le32(0x3ba685),
    le32(1 << 24),
    [45],
    new Uint8Array(23),
    `${draw.word()}\0`,
    [20],
    draw.bytes(20),
    `${draw.word()}\0`,
  );
  const query = packet(0, join([3], `SELECT * FROM ${draw.word()} WHERE a = '${draw.text()}'`));
  return {
    client: join(packet(1, login), query),
    server: join(packet(0, greeting), packet(2, join([0, 0, 0, 2, 0, 0, 0]))),
  };
}

function postgres(draw: Draw): Opening {
  const message = (type: string, body: Bytes) => join(type, be32(body.length + 4), body);
  const startup = join(be32(0x3_0000), `user\0${draw.word()}\0database\0${draw.word()}\0\0`);
  const start = draw.one([join(be32(startup.length + 4), startup), join(be32(8), be32(80877103))]);
  const query = message('Q', join(`SELECT ${draw.text()}\0`));
  const prepared = join(
    message('P', join(`s1\0SELECT $1\0`, be16(0))),
    message('B', draw.bytes(12)),
    message('S', join()),
  );
  const row = message('D', join(be16(1), be32(5), 'hello'));
  return {
    client: join(start, query, prepared),
    server: join(
      message('R', join(be32(0))),
      message('S', join('TimeZone\0UTC\0')),
      message('Z', join('I')),
      row,
      message('C', join('SELECT 1\0')),
    ),
  };
}

function mongo(draw: Draw): Opening {
  const name = draw.word();
  const document = join(
    [2],
    `find\0`,
    le32(name.length + 1),
    `${name}\0`,
    [16],
    'limit\0',
    le32(draw.below(99)),
    [0],
  );
  const body = join(le32(0), [0], le32(document.length + 4), document);
  const message = (to: number) =>
    join(le32(body.length + 16), le32(draw.below(9999)), le32(to), le32(2013), body);
  return { client: message(0), server: message(draw.below(9999)) };
}

function mqtt(draw: Draw): Opening {
  const text = (value: string) => join(be16(value.length), value);
  const packet = (type: number, body: Bytes) => join([type, body.length], body);
  const connect = packet(0x10, join(text('MQTT'), [4, 2], be16(60), text(draw.word())));
  const publish = packet(0x30, join(text(`home/${draw.word()}`), draw.word()));
  return { client: join(connect, publish), server: join([32, 2, 0, 0], publish) };
}

function lines(client: readonly string[], server: readonly string[]): Opening {
  const all = (list: readonly string[]) => join(list.map((line) => `${line}\r\n`).join(''));
  return { client: all(client), server: all(server) };
}

const texts: readonly ((draw: Draw) => Opening)[] = [
  (draw) =>
    lines(
      [
        `CONNECT {"verbose":false,"name":"${draw.word()}"}`,
        'PING',
        `SUB ${draw.word()} 1`,
        `PUB ${draw.word()} 5`,
        'hello',
      ],
      [
        `INFO {"server_id":"${draw.word()}","max_payload":1048576}`,
        'PONG',
        '+OK',
        `MSG ${draw.word()} 1 5`,
        'hello',
        "-ERR 'Unknown Protocol Operation'",
      ],
    ),
  (draw) =>
    lines(
      [`get ${draw.word()}`, `set ${draw.word()} 0 0 5`, 'hello', `incr ${draw.word()} 1`, 'stats'],
      [`VALUE ${draw.word()} 0 5`, 'hello', 'END', 'STORED', 'NOT_FOUND', 'STAT pid 1', 'ERROR'],
    ),
  (draw) =>
    lines(
      [
        `EHLO ${draw.word()}.example`,
        `MAIL FROM:<${draw.word()}@a.example>`,
        'RCPT TO:<b@c.example>',
        'DATA',
        `Subject: ${draw.text()}`,
        '',
        draw.text(),
        '.',
        'QUIT',
      ],
      [
        '220 mail ESMTP',
        '250-mail',
        '250-PIPELINING',
        '250 SIZE 1000',
        '354 go on',
        '250 2.0.0 OK',
        '221 bye',
      ],
    ),
  (draw) =>
    lines(
      [
        `USER ${draw.word()}`,
        `PASS ${draw.word()}`,
        'TYPE I',
        'PASV',
        `RETR ${draw.word()}`,
        'QUIT',
      ],
      [
        '220 (vsFTPd 3.0.5)',
        '331 Please specify the password.',
        '230 Login successful.',
        '227 Entering Passive Mode (10,0,0,1,4,5)',
        '226 Transfer complete.',
      ],
    ),
  (draw) =>
    lines(
      [`a1 LOGIN ${draw.word()} ${draw.word()}`, 'a2 SELECT INBOX', 'a3 FETCH 1:* (FLAGS)'],
      ['* OK IMAP4rev1 ready', 'a1 OK done', '* 3 EXISTS', '* FLAGS (\\Seen)', '+ idling'],
    ),
  (draw) =>
    lines(
      [`USER ${draw.word()}`, 'STAT', 'LIST', 'RETR 1'],
      ['+OK POP3 ready', '+OK 2 320', '-ERR no such message', '+OK 120 octets', draw.text(), '.'],
    ),
  (draw) =>
    lines(
      [`NICK ${draw.word()}`, `USER a 0 * :${draw.text()}`, 'JOIN #x', 'PING :abc'],
      [`:irc.example 001 ${draw.word()} :Welcome`, ':irc.example PONG abc', 'PING :1'],
    ),
  (draw) =>
    lines(
      [`OPTIONS rtsp://cam/${draw.word()} RTSP/1.0`, `CSeq: ${draw.below(99)}`, ''],
      ['RTSP/1.0 200 OK', `CSeq: ${draw.below(99)}`, 'Public: DESCRIBE, SETUP', ''],
    ),
  (draw) =>
    lines(
      [
        `INVITE sip:${draw.word()}@b.example SIP/2.0`,
        'Via: SIP/2.0/TCP a.example',
        'CSeq: 1 INVITE',
        'Content-Length: 0',
        '',
      ],
      ['SIP/2.0 180 Ringing', 'Via: SIP/2.0/TCP a.example', 'Content-Length: 0', ''],
    ),
  (draw) =>
    lines(
      [
        `CONNECT`,
        `accept-version:1.2`,
        `host:${draw.word()}`,
        '',
        '\0SEND',
        'destination:/queue/a',
        '',
        `${draw.text()}\0`,
      ],
      ['CONNECTED', 'version:1.2', '', '\0MESSAGE', 'message-id:1', '', `${draw.text()}\0`],
    ),
  (draw) =>
    lines(
      [`put 1 0 60 5`, 'hello', 'reserve', `use ${draw.word()}`],
      [
        `INSERTED ${draw.below(99)}`,
        `RESERVED ${draw.below(99)} 5`,
        'hello',
        `USING ${draw.word()}`,
      ],
    ),
  (draw) =>
    lines(
      [draw.text(), draw.text()],
      [draw.text(), `$ ${draw.text()}`, `* ${draw.text()}`, `: ${draw.text()}`],
    ),
  (draw) =>
    lines(
      [
        `{"level":"info","msg":"${draw.text()}"}`,
        `<34>1 2024-01-01T00:00:00Z a ${draw.word()} - - - ${draw.text()}`,
      ],
      ['{"ack":1}'],
    ),
  (draw) =>
    lines(
      [`${draw.word()}.count:1|c`, `stats.${draw.word()} ${draw.below(999)} 1700000000`],
      ['OK'],
    ),
];

const binaries: readonly ((draw: Draw) => Opening)[] = [
  tls,
  ssh,
  mysql,
  postgres,
  mongo,
  mqtt,
  // DNS over TCP.
  (draw) => {
    const name = join([5], 'shops', [7], 'example', [3], 'com', [0]);
    const query = join(draw.bytes(2), [1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name, [0, 1, 0, 1]);
    const answer = join(
      draw.bytes(2),
      [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0],
      name,
      [0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1],
      be32(60),
      be16(4),
      draw.bytes(4),
    );
    return { client: join(be16(query.length), query), server: join(be16(answer.length), answer) };
  },
  // Cassandra, version 4.
  (draw) => {
    const query = `SELECT * FROM ${draw.word()}`;
    const body = join(be32(query.length), query, [0, 1, 0]);
    return {
      client: join([4, 0, 0, draw.below(9), 7], be32(body.length), body),
      server: join([0x84, 0, 0, 1, 8], be32(4), be32(1)),
    };
  },
  // LDAP bind and its answer.
  (draw) => {
    const name = `cn=${draw.word()},dc=a`;
    const bind = join(
      [2, 1, draw.below(99), 0x60, name.length + 10, 2, 1, 3, 4, name.length],
      name,
      [0x80, 3],
      'abc',
    );
    return {
      client: join([0x30, bind.length], bind),
      server: join([0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0]),
    };
  },
  // ZooKeeper.
  (draw) => {
    const connect = join(
      be32(0),
      be32(0),
      draw.bytes(8),
      be32(30_000),
      be32(0),
      draw.bytes(4),
      be32(16),
      new Uint8Array(16),
      [0],
    );
    const path = `/brokers/${draw.word()}`;
    const get = join(be32(draw.below(99)), be32(4), be32(path.length), path, [0]);
    return {
      client: join(be32(connect.length), connect, be32(get.length), get),
      server: join(
        be32(37),
        be32(0),
        be32(30_000),
        draw.bytes(8),
        be32(16),
        new Uint8Array(16),
        [0],
      ),
    };
  },
  // Thrift, framed and strict.
  (draw) => {
    const name = draw.word();
    const call = join(
      [0x80, 1, 0, 1],
      be32(name.length),
      name,
      be32(draw.below(99)),
      [11, 0, 1],
      be32(3),
      'abc',
      [0],
    );
    return { client: join(be32(call.length), call), server: join(be32(call.length), call) };
  },
  // memcached, binary.
  (draw) => {
    const key = draw.word();
    return {
      client: join(
        [0x80, 0],
        be16(key.length),
        new Uint8Array(4),
        be32(key.length),
        draw.bytes(12),
        key,
      ),
      server: join([0x81, 0, 0, 0, 4, 0, 0, 0], be32(9), draw.bytes(12), [0, 0, 0, 0], 'hello'),
    };
  },
  // BitTorrent.
  (draw) => ({
    client: join([19], 'BitTorrent protocol', draw.bytes(48)),
    server: join([19], 'BitTorrent protocol', draw.bytes(48), be32(draw.below(99)), draw.bytes(60)),
  }),
  // SOCKS 5, then what is random.
  (draw) => ({
    client: join([5, 1, 0, 5, 1, 0, 1], draw.bytes(6), draw.bytes(40)),
    server: join([5, 0, 5, 0, 0, 1], draw.bytes(6), draw.bytes(40)),
  }),
  // SMB 2.
  (draw) => ({
    client: join([0, 0], be16(102), [0xfe], 'SMB', [64, 0], draw.bytes(96)),
    server: join([0, 0], be16(102), [0xfe], 'SMB', [64, 0], draw.bytes(96)),
  }),
  // TDS (SQL Server).
  (draw) => ({
    client: join([18, 1], be16(47), [0, 0, draw.below(9), 0], draw.bytes(39)),
    server: join([4, 1], be16(48), [0, 0, 1, 0], draw.bytes(40)),
  }),
  // RMI of Java.
  (draw) => ({
    client: join('JRMI', [0, 2, 0x4b], draw.bytes(30)),
    server: join([0x4e], be16(9), '127.0.0.1', be32(draw.below(65_535))),
  }),
  // Lengths in front of anything.
  (draw) => {
    const frame = () => {
      const length = draw.below(60);
      return join(be32(length), draw.bytes(length));
    };
    return { client: join(frame(), frame(), frame()), server: join(frame(), frame()) };
  },
  // Zeros, and small numbers.
  (draw) => ({
    client: new Uint8Array(draw.below(300) + 1),
    server: Uint8Array.from({ length: 300 }, () => draw.below(4)),
  }),
  (draw) => ({ client: draw.bytes(1 + draw.below(600)), server: draw.bytes(1 + draw.below(600)) }),
];

const kinds = [...texts, ...binaries];

/** `count` openings, each kind in turn. */
export function foreignOpenings(count: number, random: Random): Opening[] {
  const draw = new Draw(random);
  return Array.from({ length: count }, (_, i) => kinds[i % kinds.length]!(draw));
}
