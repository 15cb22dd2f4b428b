import { describe, expect, test } from 'vitest';
import { connectionError, responseError } from './errors.ts';

const server = 'https://cluster.example:6443';
const wanted = { verb: 'create', resource: 'daemonsets.apps', name: 'tap', namespace: 'mizu' };

function answer(status: number, reason: string, message: string) {
  return responseError(status, JSON.stringify({ reason, message }), wanted, server);
}

describe('what the cluster refuses', () => {
  test('a missing right names verb, resource, namespace and the remedy', () => {
    const error = answer(
      403,
      'Forbidden',
      'daemonsets.apps "tap" is forbidden: User "joe" cannot create resource "daemonsets" in API group "apps" in the namespace "mizu"',
    );
    expect(error.code).toBe('forbidden');
    expect(error.message).toMatch(
      /^insufficient permissions: you may not create daemonsets\.apps "tap" in namespace "mizu"; supply the required permission/,
    );
    expect(error.message).toContain('mizu-resources-namespace');
  });

  test.each([
    ['a quota', 'pods "p" is forbidden: exceeded quota: q, requested: pods=1'],
    ['Pod Security', 'pods "p" is forbidden: violates PodSecurity "baseline:latest": hostNetwork'],
    [
      'a volume that cannot grow',
      'claim "c" is forbidden: only dynamically provisioned pvc can be resized',
    ],
  ])('%s is no missing right', (_, message) => {
    const error = answer(403, 'Forbidden', message);
    expect(error.code).toBe('refused');
    expect(error.message).toContain(message);
  });

  test('a namespace on its way out can be waited for', () => {
    const message =
      'secrets "s" is forbidden: unable to create new content in namespace mizu because it is being terminated';
    expect(answer(403, 'Forbidden', message).code).toBe('conflict');
  });

  test('rights that the user cannot give away', () => {
    const error = answer(
      403,
      'Forbidden',
      'roles "r" is forbidden: user "joe" (groups=["a"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""]}',
    );
    expect(error.code).toBe('forbidden');
    expect(error.message).not.toContain('\n');
  });

  test('an expired login says what to do', () => {
    const error = answer(401, 'Unauthorized', 'Unauthorized');
    expect(error.code).toBe('login');
    expect(error.message).toContain('log in again');
  });

  test('an answer that is no Status is quoted by its number', () => {
    expect(responseError(502, '<html>', wanted, server).message).toContain('status 502');
  });
});

describe('no connection', () => {
  test.each([
    ['ECONNREFUSED', 'unreachable', 'nothing listens there'],
    ['ENOTFOUND', 'unreachable', 'name is not known'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate', 'certificate-authority'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate', 'certificate-authority'],
  ])('%s', (code, expected, hint) => {
    const error = connectionError(Object.assign(new Error('why'), { code }), server);
    expect(error).toMatchObject({ code: expected });
    expect(error.message).toContain(hint);
    expect(error.message).toContain(server);
  });

  test('a mistake in Mizu is not taken for the network', () => {
    const bug = Object.assign(new RangeError('delay'), { code: 'ERR_OUT_OF_RANGE' });
    expect(connectionError(bug, server)).toBe(bug);
  });
});
