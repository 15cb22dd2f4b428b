/**
 * Run in a network namespace of its own (`unshare -n node bridge-scene.ts`): a packet sent into one
 * end of a veth pair comes out at the other, passes a bridge and leaves through a second pair. Prints
 * what a live source on all interfaces sees of it, as JSON.
 */
import { execFileSync } from 'node:child_process';
import koffi from 'koffi';
import { listInterfaces, openLive } from '../index.ts';
import { collector } from './collect.ts';

const SETUP = `
  sysctl -qw net.ipv6.conf.default.disable_ipv6=1 || true
  ip link add br0 type bridge mcast_snooping 0
  ip link add v0 type veth peer name v1
  ip link add w0 type veth peer name w1
  ip link set v1 master br0
  ip link set w0 master br0
  for name in br0 v0 v1 w0 w1; do ip link set $name up; done
`;

/** A TCP segment with these last bytes, in an Ethernet frame for everybody. */
function frame(tags: string, text: string): Buffer {
  const payload = Buffer.from(text);
  const ip = Buffer.from('4500000000014000400600000a0900010a090002', 'hex');
  ip.writeUInt16BE(40 + payload.length, 2);
  const tcp = Buffer.from('04d21f90000000070000000950100064000000', 'hex');
  const head = Buffer.from(`ffffffffffff020000000001${tags}0800`, 'hex');
  return Buffer.concat([head, ip, tcp, Buffer.alloc(1), payload]);
}

function send(name: string, frames: readonly Buffer[]): void {
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int, int, int)');
  const sendto = libc.func('int64 sendto(int, void *, size_t, int, void *, uint32)');
  const index = listInterfaces().find((candidate) => candidate.name === name)?.index ?? 0;
  const address = Buffer.alloc(20);
  address.writeUInt16LE(17, 0);
  address.writeInt32LE(index, 4);
  const descriptor = socket(17, 3, 0);
  for (const bytes of frames) sendto(descriptor, bytes, bytes.length, 0, address, address.length);
}

execFileSync('sh', ['-ec', SETUP], { stdio: ['ignore', 'ignore', 'inherit'] });
const source = openLive({ captureFilter: 'tcp port 8080' });
// The first packet only shows that there are several interfaces.
send('v0', [frame('', 'first'), frame('', 'plain'), frame('', 'again'), frame('', 'again')]);
send('v0', [frame('8100000a', 'tagged'), frame('88a8001481000015', 'twice tagged')]);
const sink = collector();
for (let round = 0; round < 8; round++) await source.read(sink, 50);
process.stdout.write(
  JSON.stringify({
    counters: source.counters(),
    seen: sink.seen.map((packet) => [
      packet.bytes.subarray(12, 22).toString('hex'),
      packet.bytes.toString('latin1').split('\0').at(-1),
    ]),
  }),
);
source.close();
