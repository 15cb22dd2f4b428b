/** For tests: a service with every kind of call, and its client, by grpc-js. */
import * as grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import protobuf from 'protobufjs';

export const shopProto = `
syntax = "proto3";
package shop;

message Item {
  string name = 1;
  int32 count = 2;
  repeated string tags = 3;
  map<string, int64> stock = 4;
  Kind kind = 5;
  Price price = 6;
  bytes picture = 7;
  double weight = 8;
  sint64 delta = 9;
  repeated int32 sizes = 10;
  message Price { int64 units = 1; string currency = 2; }
  enum Kind { UNKNOWN = 0; FRUIT = 1; TOOL = 2; }
}
message Receipt { int32 total = 1; string text = 2; }

service Cart {
  rpc Add(Item) returns (Receipt);
  rpc AddAll(stream Item) returns (Receipt);
  rpc List(Item) returns (stream Item);
  rpc Talk(stream Item) returns (stream Receipt);
}
`;

export interface ItemValue {
  readonly name: string;
  readonly count?: number;
  readonly [field: string]: unknown;
}

type Call = grpc.ServerUnaryCall<ItemValue, unknown>;

const definition = () => {
  const { root } = protobuf.parse(shopProto, new protobuf.Root(), { keepCase: true });
  return fromJSON(root.toJSON(), { keepCase: true, longs: Number, enums: String, defaults: false });
};

function failure(name: string): Partial<grpc.StatusObject> | undefined {
  if (name === 'missing') {
    const metadata = new grpc.Metadata();
    metadata.set('why-bin', Buffer.from('kein Apfel übrig'));
    return { code: grpc.status.NOT_FOUND, details: 'no such item: 100% „Apfel“', metadata };
  }
  if (name === 'closed') return { code: grpc.status.UNAVAILABLE, details: 'closed' };
  return undefined;
}

const implementation: grpc.UntypedServiceImplementation = {
  Add: ((call: Call, done: grpc.sendUnaryData<unknown>) => {
    const failed = failure(call.request.name);
    if (call.request.name === 'slow') return;
    if (failed !== undefined) done(failed as grpc.ServiceError);
    else done(null, { total: call.request.count, text: `added ${call.request.name}` });
  }) as grpc.UntypedHandleCall,
  AddAll: ((
    call: grpc.ServerReadableStream<ItemValue, unknown>,
    done: grpc.sendUnaryData<unknown>,
  ) => {
    let total = 0;
    call.on('data', (item: ItemValue) => {
      total += item.count ?? 0;
    });
    call.on('end', () => done(null, { total, text: 'all' }));
  }) as grpc.UntypedHandleCall,
  List: ((call: grpc.ServerWritableStream<ItemValue, ItemValue>) => {
    const count = call.request.count ?? 0;
    for (let i = 0; i < count; i++) call.write({ name: `${call.request.name} ${i}`, count: i });
    const failed = failure(call.request.name);
    if (failed !== undefined) call.emit('error', failed);
    else call.end();
  }) as grpc.UntypedHandleCall,
  Talk: ((call: grpc.ServerDuplexStream<ItemValue, unknown>) => {
    call.on('data', (item: ItemValue) => {
      call.write({ total: item.count, text: `heard ${item.name}` });
    });
    call.on('end', () => call.end());
  }) as grpc.UntypedHandleCall,
};

type Send = (
  item: ItemValue,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  done: (error: grpc.ServiceError | null, answer: unknown) => void,
) => void;

/** The client's side, as promises. */
export class ShopClient {
  readonly #client: grpc.Client & Record<string, unknown>;

  constructor(port: number, options: grpc.ClientOptions = {}) {
    const types = grpc.loadPackageDefinition(definition()) as unknown as {
      shop: { Cart: grpc.ServiceClientConstructor };
    };
    this.#client = new types.shop.Cart(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
      options,
    ) as never;
  }

  add(
    item: ItemValue,
    metadata = new grpc.Metadata(),
    options: grpc.CallOptions = {},
  ): Promise<unknown> {
    const send = (this.#client['Add'] as Send).bind(this.#client);
    return new Promise((resolve, reject) => {
      send(item, metadata, options, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  }

  addAll(items: readonly ItemValue[]): Promise<unknown> {
    type Start = (
      done: (error: Error | null, answer: unknown) => void,
    ) => grpc.ClientWritableStream<ItemValue>;
    return new Promise((resolve, reject) => {
      const start = (this.#client['AddAll'] as Start).bind(this.#client);
      const call = start((error, answer) => (error ? reject(error) : resolve(answer)));
      for (const item of items) call.write(item);
      call.end();
    });
  }

  async list(item: ItemValue): Promise<ItemValue[]> {
    type Start = (item: ItemValue) => grpc.ClientReadableStream<ItemValue>;
    const call = (this.#client['List'] as Start).call(this.#client, item);
    const items: ItemValue[] = [];
    for await (const each of call) items.push(each as ItemValue);
    return items;
  }

  /** Says each only when the one before was answered; `then` runs before the call ends. */
  async talk(items: readonly ItemValue[], then?: () => void | Promise<void>): Promise<unknown[]> {
    type Start = () => grpc.ClientDuplexStream<ItemValue, unknown>;
    const call = (this.#client['Talk'] as Start).call(this.#client);
    const heard: unknown[] = [];
    for (const item of items) {
      const answer = new Promise((resolve) => call.once('data', resolve));
      call.write(item);
      heard.push(await answer);
    }
    await then?.();
    const over = new Promise((resolve) => call.once('end', resolve));
    call.on('data', () => undefined);
    call.end();
    await over;
    return heard;
  }

  close(): void {
    this.#client.close();
  }
}

/** A server on a free port. */
export async function openShop(): Promise<{ port: number; close: () => void }> {
  const server = new grpc.Server();
  const service = definition()['shop.Cart'] as grpc.ServiceDefinition;
  server.addService(service, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, close: () => server.forceShutdown() };
}
