/**
 * A service of Connect's own library, and its clients: Connect, gRPC-Web and gRPC, over HTTP/1.1 and HTTP/2.
 * What a client did is logged by itself, as the truth to compare with.
 */
import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  type Registry,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import {
  type CallOptions,
  Code,
  ConnectError,
  createClient,
  encodeBinaryHeader,
  type HandlerContext,
  type ServiceImpl,
  type Transport,
} from '@connectrpc/connect';
import type { Compression } from '@connectrpc/connect/protocol';
import {
  compressionBrotli,
  compressionGzip,
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor.js';

export const shopProto = `
syntax = "proto3";
package mizu.shop;

message Item {
  string name = 1;
  int32 count = 2;
  bytes picture = 3;
}
message Receipt {
  int32 total = 1;
  string text = 2;
}

service Cart {
  rpc Add(Item) returns (Receipt);
  rpc Look(Item) returns (Receipt) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc AddAll(stream Item) returns (Receipt);
  rpc List(Item) returns (stream Item);
  rpc Talk(stream Item) returns (stream Receipt);
}
`;

/** What generated code would bring. */
const types = loadTypes();

function loadTypes(): { cart: DescService; item: DescMessage; registry: Registry } {
  const { root } = protobuf.parse(shopProto, new protobuf.Root(), { keepCase: true });
  root.resolveAll();
  const set = (root as WithDescriptor).toDescriptor('proto3');
  const files = fromBinary(FileDescriptorSetSchema, set.$type.encode(set).finish());
  for (const { messageType } of files.file) {
    // A compiler would have set these.
    for (const field of messageType.flatMap((each) => each.field)) field.jsonName = field.name;
  }
  const registry = createFileRegistry(files);
  const cart = registry.getService('mizu.shop.Cart')!;
  return { cart, item: registry.getMessage('mizu.shop.Item')!, registry };
}
type WithDescriptor = protobuf.Root & { toDescriptor(syntax: string): protobuf.Message };

export interface Item {
  readonly name: string;
  readonly count: number;
}

export interface Receipt {
  readonly total: number;
  readonly text: string;
}

type Made = Message & Item & Receipt;

/** An item that fails, and those before it in a stream do not. */
function check({ name }: Item, context: HandlerContext): void {
  context.responseHeader.set('served-by', 'shop');
  context.responseTrailer.set('stock-bin', encodeBinaryHeader(Uint8Array.of(1, 2, 255)));
  if (name !== 'missing') return;
  const detail = { desc: types.item, value: { name: 'detail', count: 7 } };
  throw new ConnectError('no such item: „Apfel“', Code.NotFound, { why: 'sold' }, [detail]);
}

const longName = 'a name that is worth compressing '.repeat(40);

const implementation = {
  add(item: Made, context: HandlerContext) {
    check(item, context);
    if (item.name === 'slow') return slow(context);
    return { total: item.count, text: `added ${item.name}` };
  },
  look(item: Made, context: HandlerContext) {
    check(item, context);
    return { total: item.count, text: `looked ${item.name}` };
  },
  async addAll(items: AsyncIterable<Made>, context: HandlerContext) {
    let total = 0;
    for await (const item of items) {
      check(item, context);
      total += item.count;
    }
    return { total, text: 'all' };
  },
  async *list(item: Made, context: HandlerContext) {
    context.responseHeader.set('served-by', 'shop');
    for (let i = 0; i < item.count; i++) yield { name: `${item.name} ${i}`, count: i };
    check(item, context);
  },
  async *talk(items: AsyncIterable<Made>, context: HandlerContext) {
    for await (const item of items) {
      check(item, context);
      yield { total: item.count, text: `heard ${item.name}` };
    }
  },
};

/** Answers when nobody waits any more. */
async function slow({ signal }: HandlerContext): Promise<never> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  throw new ConnectError('too slow', Code.DeadlineExceeded);
}

const compressZstd = promisify<Uint8Array, Buffer<ArrayBuffer>>(zstdCompress);
const decompressZstd = promisify<Uint8Array, Buffer<ArrayBuffer>>(zstdDecompress);
const zstd: Compression = {
  name: 'zstd',
  compress: (bytes) => compressZstd(bytes),
  decompress: (bytes) => decompressZstd(bytes),
};
const compressions = { gzip: compressionGzip, br: compressionBrotli, zstd };

/** The service on two free ports: HTTP/1.1, and HTTP/2 by prior knowledge. */
export async function openConnectShop(): Promise<{ ports: [number, number]; close: () => void }> {
  const handler = connectNodeAdapter({
    routes: (router) => {
      router.service(types.cart, implementation as unknown as ServiceImpl<DescService>);
    },
    acceptCompression: Object.values(compressions),
    compressMinBytes: 64,
    jsonOptions: { registry: types.registry },
  });
  const servers: [Server, Http2Server] = [createServer(handler), createHttp2Server(handler)];
  const sessions = new Set<{ destroy(): void }>();
  servers[1].on('session', (session) => sessions.add(session));
  const ports = await Promise.all(servers.map(listen));
  return {
    ports: [ports[0]!, ports[1]!],
    close: () => {
      servers[0].closeAllConnections();
      for (const session of sessions) session.destroy();
      for (const server of servers) server.close();
    },
  };
}

function listen(server: Server | Http2Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

export type Kind = 'Connect' | 'gRPC-Web' | 'gRPC';

export interface Way {
  readonly kind: Kind;
  readonly httpVersion: '1.1' | '2';
  readonly json: boolean;
  readonly compression?: keyof typeof compressions;
  /** Calls without side effects are asked for by GET. */
  readonly get?: boolean;
}

/** What a client did and what it was told. */
export interface Logged {
  readonly way: Way;
  readonly method: string;
  readonly sent: readonly Item[];
  readonly received: readonly (Item | Receipt)[];
  /** Of gRPC; 0: all is well. */
  readonly code: number;
  readonly message: string;
  readonly details: readonly Item[];
  readonly timeoutMs: number | undefined;
  readonly trailers: Readonly<Record<string, string>>;
}

type Start = (asked: unknown, options: CallOptions) => unknown;

/** A client of one kind. */
export class ShopClient {
  readonly log: Logged[] = [];
  readonly #way: Way;
  readonly #client: Record<string, Start>;

  constructor(way: Way, ports: readonly [number, number]) {
    this.#way = way;
    this.#client = createClient(types.cart, transportOf(way, ports)) as never;
  }

  /** Makes a call of every kind, well and failing. */
  async callAll(): Promise<void> {
    const one = { name: 'apple', count: 3 };
    const long = { name: longName, count: 5 };
    const missing = { name: 'missing', count: 2 };
    await this.#call('add', [one]);
    await this.#call('add', [long]);
    await this.#call('add', [missing]);
    await this.#call('add', [{ name: 'slow', count: 1 }], 150);
    await this.#call('look', [long]);
    await this.#call('look', [missing]);
    await this.#call('list', [{ name: longName, count: 3 }]);
    await this.#call('list', [missing]);
    await this.#call('addAll', [one, long, one]);
    await this.#call('addAll', [one, missing]);
    // What both say by turns needs HTTP/2; here all is asked before the first answer is.
    await this.#call('talk', [one, long, one]);
    await this.#call('talk', []);
  }

  async #call(name: string, sent: readonly Item[], timeoutMs?: number): Promise<void> {
    const { input, methodKind } = types.cart.method[name] as DescMethod;
    const trailers: Record<string, string> = {};
    const options: CallOptions = {
      headers: { tenant: 'acme', 'raw-bin': encodeBinaryHeader(Uint8Array.of(1, 2)) },
      ...(timeoutMs !== undefined && { timeoutMs }),
      onTrailer: (given) => Object.assign(trailers, Object.fromEntries(given)),
    };
    const asked = sent.map((item) => create(input, item as never));
    const received: (Item | Receipt)[] = [];
    let failure: ConnectError | undefined;
    try {
      const isStream = methodKind === 'client_streaming' || methodKind === 'bidi_streaming';
      const answer = this.#client[name]!(isStream ? eachOf(asked) : asked[0], options);
      const answers = methodKind.startsWith('server') || methodKind.startsWith('bidi');
      for await (const each of (answers ? answer : [await answer]) as AsyncIterable<Made>) {
        received.push(plain(each));
      }
    } catch (error) {
      failure = ConnectError.from(error);
    }
    this.log.push({
      way: this.#way,
      method: `/mizu.shop.Cart/${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
      sent,
      received,
      code: failure?.code ?? 0,
      message: failure?.rawMessage ?? '',
      details: (failure?.findDetails(types.registry) ?? []).map(
        (each) => plain(each as Made) as Item,
      ),
      timeoutMs,
      trailers,
    });
  }
}

async function* eachOf<Each>(all: readonly Each[]): AsyncIterable<Each> {
  for (const each of all) yield each;
}

function plain(made: Made): Item | Receipt {
  return made.$typeName.endsWith('Item')
    ? { name: made.name, count: made.count }
    : { total: made.total, text: made.text };
}

function transportOf(way: Way, ports: readonly [number, number]): Transport {
  const { kind, httpVersion, json, compression, get } = way;
  const options = {
    httpVersion,
    baseUrl: `http://127.0.0.1:${ports[httpVersion === '2' ? 1 : 0]}`,
    useBinaryFormat: !json,
    compressMinBytes: 64,
    useHttpGet: get === true,
    acceptCompression: compression === undefined ? [] : [compressions[compression]],
    ...(compression !== undefined && { sendCompression: compressions[compression] }),
  };
  if (kind === 'Connect') return createConnectTransport(options);
  return kind === 'gRPC' ? createGrpcTransport(options) : createGrpcWebTransport(options);
}
