/** gRPC-Web, binary and in base64, by Google's client for browsers and the proxy of improbable-eng. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { GrpcWebClientBase, MethodDescriptor, MethodType } from 'grpc-web';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ValueMap } from '../../src/dissect/contract.ts';
import { BrowserRequest } from './browser-request.ts';
import { Capture, freePort } from './capture.ts';
import { grpcGo } from './setup-grpc.ts';

const isLong = process.env['MIZU_LONG_TESTS'] === '1';
const program = isLong ? await grpcGo() : undefined;
const reason = isLong ? 'there is no Go' : 'grpc-go is for MIZU_LONG_TESTS';

const { root } = protobuf.parse(
  `syntax = "proto3"; package grpc.testing;
  message Payload { int32 type = 1; bytes body = 2; }
  message EchoStatus { int32 code = 1; string message = 2; }
  message SimpleRequest { int32 response_size = 2; Payload payload = 3; EchoStatus response_status = 7; }
  message ResponseParameters { int32 size = 1; }
  message StreamingOutputCallRequest { repeated ResponseParameters response_parameters = 2; }
  message Answer { Payload payload = 1; }`,
  { keepCase: true },
);

/** Length of the payload in an answer is all that is asked for. */
function methodOf(name: string, kind: string, type: string): MethodDescriptor<object, number> {
  const requests = root.lookupType(`grpc.testing.${type}`);
  const answers = root.lookupType('grpc.testing.Answer');
  return new MethodDescriptor<object, number>(
    `/grpc.testing.TestService/${name}`,
    kind,
    Object as never,
    Object as never,
    (asked: object) => requests.encode(requests.fromObject(asked)).finish(),
    (bytes: Uint8Array) => {
      const { payload } = answers.decode(new Uint8Array(bytes)) as unknown as {
        payload: { body: Uint8Array } | null;
      };
      return payload?.body.length ?? 0;
    },
  );
}
const unary = methodOf('UnaryCall', MethodType.UNARY, 'SimpleRequest');
const streaming = methodOf(
  'StreamingOutputCall',
  MethodType.SERVER_STREAMING,
  'StreamingOutputCallRequest',
);

interface Logged {
  readonly method: string;
  readonly received: readonly number[];
  readonly code: number;
}

async function callAll(port: number, format: string): Promise<Logged[]> {
  const client = new GrpcWebClientBase({ format });
  const host = `http://127.0.0.1:${port}`;
  const log: Logged[] = [];
  const call = (method: MethodDescriptor<object, number>, asked: object, isStream: boolean) =>
    new Promise<void>((resolve) => {
      const path = method.getName();
      const received: number[] = [];
      const end = (code: number) => {
        log.push({ method: path, received, code });
        resolve();
      };
      if (isStream) {
        const stream = client.serverStreaming(host + path, asked, {}, method);
        stream.on('data', (length) => received.push(length));
        stream.on('error', ({ code }) => end(code));
        stream.on('end', () => end(0));
        return;
      }
      client.rpcCall(host + path, asked, { tenant: 'acme' }, method, (error, length) => {
        if (error === null) received.push(length);
        end(error?.code ?? 0);
      });
    });
  // Lengths with every kind of padding.
  for (let size = 1; size < 8; size++) {
    const body = Buffer.alloc(size, 'x');
    await call(unary, { response_size: size * 11, payload: { body } }, false);
  }
  await call(unary, { response_status: { code: 5, message: 'not: hëre' } }, false);
  const sizes = [1, 2, 3, 70_000, 4].map((size) => ({ size }));
  await call(streaming, { response_parameters: sizes }, true);
  return log;
}

/** Length of the zeros in a message that is shown by numbers of fields. */
function lengthIn(message: unknown): number {
  const payload = (message as ValueMap)['1'] as ValueMap | undefined;
  return Buffer.from(String(payload?.['2'] ?? ''), 'base64').length;
}

describe.skipIf(program === undefined)(`grpc-web (skipped when ${reason})`, () => {
  let port = 0;
  let server: ChildProcess;
  beforeAll(async () => {
    Object.assign(globalThis, { XMLHttpRequest: BrowserRequest });
    port = await freePort();
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    server = spawn(program!, ['web-server', String(port)], { stdio: [...stdio] });
    await once(server.stdout!, 'data');
  });
  afterAll(() => server.kill());

  test.each(['text', 'binary'])(
    '%s: every call with all its messages, as the client was told',
    async (format) => {
      await using capture = await Capture.start([port]);
      const log = await callAll(port, format);
      expect(log.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0, 0, 5, 0]);
      const entries = await capture.entries();
      const calls = entries.filter(({ parent }) => parent === '');
      expect(calls).toHaveLength(log.length);
      for (const [i, { method, received, code }] of log.entries()) {
        const call = calls[i]!;
        expect(call).toMatchObject({
          target: method,
          status: code,
          outcome: code === 0 ? 'ok' : 'failed',
          protocol: { abbr: 'gRPC-Web', version: '1.1' },
        });
        const told = entries.filter(
          ({ parent, response }) => parent === call.id && response !== undefined,
        );
        expect(told.map(({ response }) => lengthIn(response!['message']))).toEqual(received);
      }
      expect(calls[0]!.request!['metadata']).toMatchObject({ tenant: 'acme' });
      expect(calls[7]!.response).toMatchObject({ statusText: 'NOT_FOUND', error: 'not: hëre' });
    },
  );
});
