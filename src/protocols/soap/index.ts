/**
 * SOAP over HTTP: a refinement of HTTP exchanges, found by `../http/refine.ts`. The row has the operation
 * (the first element of the Body) behind the path: `/stock GetPrice`. An answer with a Fault counts as
 * failed whatever its status.
 */
import { createRequire } from 'node:module';
import type { FieldDeclaration, Protocol } from '../../dissect/contract.ts';
import { lazily } from '../../dissect/lazily.ts';
import { Refined } from '../http/refined.ts';
import { httpVersionText } from '../http/version-text.ts';
import type { decode, describe } from './decode.ts';

const require = createRequire(import.meta.url);

const versions = ['1.1', '1.2'];

const fields: readonly FieldDeclaration[] = [
  { path: 'request.soap', type: 'map', help: 'What the envelope asks for' },
  { path: 'request.soap.action', type: 'text', help: 'SOAPAction header or action parameter' },
  { path: 'request.soap.operation', type: 'text', help: 'First element of the Body' },
  { path: 'request.soap.version', type: 'text', help: 'Version of SOAP', values: versions },
  { path: 'response.soap', type: 'map', help: 'What the envelope answers' },
  { path: 'response.soap.operation', type: 'text', help: 'First element of the Body' },
  { path: 'response.soap.version', type: 'text', help: 'Version of SOAP', values: versions },
  { path: 'response.soap.fault', type: 'map', help: 'The fault' },
  { path: 'response.soap.fault.code', type: 'text', help: 'Code of the fault' },
  { path: 'response.soap.fault.reason', type: 'text', help: 'The fault in words' },
  { path: 'response.soap.fault.actor', type: 'text', help: 'Who caused the fault' },
];

export const soapProtocol: Protocol = {
  code: Refined.Soap,
  id: 'soap',
  name: 'http',
  title: 'SOAP',
  label: 'SOAP',
  colour: '#4a5568',
  textColour: '#ffffff',
  specification: 'https://www.w3.org/TR/soap12-part1/',
  ports: [80, 443, 8080],
  pairing: 'order',
  versionText: httpVersionText,
  below: 'HTTP',
  curl: true,
  parser: undefined,
  decode: lazily((): typeof decode => require('./decode.ts').decode),
  describe: lazily((): typeof describe => require('./decode.ts').describe),
  fields,
  macros: { soap: 'protocol.abbr == "SOAP"' },
};
