/** What clients are told of a protocol: from its declaration, and nothing else. */
import type { Protocol } from '../dissect/contract.ts';
import type { ProtocolInfo } from './api.ts';

export function protocolInfo(protocol: Protocol): ProtocolInfo {
  const { id, title, label, colour, textColour, specification, below } = protocol;
  return {
    id,
    name: protocol.name ?? id,
    title,
    label,
    colour,
    textColour,
    specification,
    ...(below !== undefined && { below }),
    curl: protocol.curl === true,
    ...(protocol.statusNames !== undefined && { statusNames: protocol.statusNames() }),
  };
}
