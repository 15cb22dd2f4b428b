/**
 * Bytes within messages that have a layout of their own: what members of a consumer group tell each
 * other, and the token of SASL PLAIN (RFC 4616): identity NUL user NUL password.
 */
import type { Value } from '../../dissect/contract.ts';
import { readLayout } from './decode-fields.ts';
import { Reader } from './decode-reader.ts';
import { dataLayout } from './schema.ts';

const subscription = 'ConsumerProtocolSubscription';
const assignment = 'ConsumerProtocolAssignment';

/** Field → what its bytes are when the group is one of consumers. */
const layoutsByField: Readonly<Record<string, string>> = {
  metadata: subscription,
  memberMetadata: subscription,
  assignment,
  memberAssignment: assignment,
};

/** The values, or undefined when the bytes are something else: Connect has a protocol of its own. */
export function embedded(name: string, bytes: Uint8Array): Value {
  if (name === 'authBytes') return plainToken(bytes);
  const layoutName = layoutsByField[name];
  if (layoutName === undefined || bytes.length < 2) return undefined;
  const reader = new Reader(bytes);
  const version = reader.int16();
  // A version newer than ours adds fields behind those that we know.
  const layout =
    dataLayout(layoutName, version) ?? dataLayout(layoutName, newestKnown[layoutName]!);
  if (layout === undefined || version < 0 || version > maxVersion) return undefined;
  const values = readLayout(reader, layout, { budget: { elements: maxElements } });
  return reader.ended ? undefined : { version, ...values };
}

const newestKnown: Readonly<Record<string, number>> = { [subscription]: 3, [assignment]: 3 };
const maxVersion = 20;
const maxElements = 20_000;

/** Undefined for tokens of other mechanisms. */
function plainToken(bytes: Uint8Array): Value {
  const parts = new TextDecoder().decode(bytes).split('\0');
  if (parts.length !== 3) return undefined;
  const [authorizationId = '', user = '', password = ''] = parts;
  return { authorizationId, user, password };
}
