/** A capture of real load on gRPC: grpc-go on both sides. Needs what `test/brokers/setup.ts` installs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { Capture, freePort, run } from '../../test/brokers/capture.ts';
import { grpcGo } from '../../test/brokers/setup-grpc.ts';
import { packetsOf } from './http2.ts';
import type { CaptureResult } from './inside-namespace.ts';

const longestMs = 300_000;

/** Makes the capture of so many unary calls, on ten connections with four calls at a time each. */
export async function captureGrpc(file: string, calls: number): Promise<CaptureResult> {
  const program = await grpcGo();
  if (program === undefined) throw new Error('there is no Go to build the load with');
  const port = await freePort();
  const server = spawn(program, ['server', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(server.stdout!, 'data');
    await using capture = await Capture.start([port]);
    const words = ['load', String(port), String(calls)];
    const { code, stderr, stdout } = await run(program, words, { longestMs });
    if (code !== 0) throw new Error(stderr);
    copyFileSync(await capture.stop(), file);
    return { exchanges: Number(stdout), packets: await packetsOf(file) };
  } finally {
    server.kill();
  }
}
