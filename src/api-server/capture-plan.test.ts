import { expect, test } from 'vitest';
import type { PodFact } from '../resolve/cluster/facts.ts';
import { selectTargets } from '../targets/select.ts';
import { pod as podOf } from '../targets/test-pods.ts';
import { CapturePlan } from './capture-plan.ts';

const pod = (name: string, rest: Partial<PodFact>) =>
  podOf(`shop/${name}`, { uid: `uid-${name}`, ...rest });
const onHost = { hostNetwork: true, addresses: ['192.168.0.1'] };

test('of a chosen pod on the network of its node only what it listens on is read, and there alone', () => {
  const pods = [
    pod('cart', {}),
    pod('far', { node: 'node-2', addresses: ['10.1.1.1'] }),
    pod('agent', onHost),
    pod('other', { ...onHost, namespace: 'other' }),
  ];
  const input = {
    targets: selectTargets(pods, { namespaces: ['shop'] }),
    services: [],
    names: { identify: () => undefined },
    nowMs: 0,
    own: [],
  };
  const plan = new CapturePlan();
  plan.update({ ...input, hostPorts: () => [] });
  expect(plan.of('node-1')).toMatchObject({ addresses: ['10.1.0.1'], endpoints: [] });
  const far = plan.of('node-2');
  // Both listen, one of them is chosen.
  const isChanged = plan.update({
    ...input,
    hostPorts: (uid) => (uid === 'uid-agent' ? [9100] : [9200]),
  });
  expect(isChanged).toBe(true);
  expect(plan.of('node-1')).toMatchObject({
    addresses: ['10.1.0.1'],
    endpoints: [{ address: '192.168.0.1', port: 9100 }],
  });
  expect(plan.of('node-2')).toBe(far);
});
