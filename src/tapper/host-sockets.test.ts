import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostSockets, podUidIn } from './host-sockets.ts';

const uid = '0c5ab6ea-1234-4abc-8def-0123456789ab';
const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid';
const line = (port: string, state: string, inode: number) =>
  `   0: 00000000:${port} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1`;

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'mizu-proc-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** A process with a cgroup path and open sockets. */
function addProcess(number: number, cgroup: string, inodes: readonly number[]): void {
  const folder = path.join(root, `${number}`);
  mkdirSync(path.join(folder, 'fd'), { recursive: true });
  writeFileSync(path.join(folder, 'cgroup'), cgroup);
  inodes.forEach((inode, index) => {
    symlinkSync(`socket:[${inode}]`, path.join(folder, 'fd', `${index}`));
  });
}

function writeTable(...lines: string[]): void {
  writeFileSync(path.join(root, 'tcp'), [heading, ...lines, ''].join('\n'));
}

describe('the sockets of the node', () => {
  it('belong to the pods whose processes hold them', async () => {
    addProcess(10, `0::/../../pod${uid}/abc\n`, [101, 102]);
    addProcess(11, '0::/../../../system.slice/sshd.service\n', [103]);
    writeTable(
      line('A8CA', '01', 102),
      line('1F90', '0A', 101),
      line('0016', '0A', 103),
      line('0050', '06', 0),
    );
    const reader = new HostSockets(root, root);
    expect(await reader.read()).toEqual([
      { port: 8080, podUid: uid, listening: true },
      { port: 43_210, podUid: uid, listening: false },
    ]);
    // One that comes later, another that goes.
    addProcess(12, `0::/../../pod${uid}/abc\n`, [104]);
    writeTable(line('1F90', '0A', 101), line('2382', '0A', 104));
    expect((await reader.read()).map(({ port }) => port)).toEqual([8080, 9090]);
  });

  it('listen on a port also while connections on it are open', async () => {
    addProcess(20, `0::/../../pod${uid}/abc\n`, [201, 202, 203]);
    writeTable(line('1F90', '01', 202), line('1F90', '0A', 201), line('1F90', '01', 203));
    const sockets = await new HostSockets(root, root).read();
    expect(sockets).toEqual([{ port: 8080, podUid: uid, listening: true }]);
  });

  it('are none where nothing can be read', async () => {
    expect(await new HostSockets('/nowhere', '/nowhere').read()).toEqual([]);
  });
});

describe('the pod in a cgroup path', () => {
  it.each([
    [`0::/kubepods/burstable/pod${uid}/4f1`, uid],
    [
      `0::/kubepods.slice/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice/cri-4f1.scope`,
      uid,
    ],
    [`4:memory:/kubepods/pod${uid}/4f1\n1:cpu:/`, uid],
    ['0::/system.slice/pod-cleaner.service', ''],
    ['', ''],
  ])('%s', (text, expected) => {
    expect(podUidIn(text)).toBe(expected);
  });
});
