/** What `/protocols` answers in the mock server. */
import { entryFields } from '../../src/entry/fields.ts';
import { buildSchema } from '../../src/filter/index.ts';
import { protocols as known } from '../../src/protocols/index.ts';
import type { Protocols } from '../../src/serve/api.ts';
import { protocolInfo } from '../../src/serve/protocol-info.ts';

export const protocols: Protocols = {
  ...buildSchema(entryFields, known),
  protocols: known.map(protocolInfo),
};
