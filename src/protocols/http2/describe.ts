/** The details pane of HTTP/2: that of HTTP/1, and the figures of the stream. */
import type { DecodedExchange, Description, Section, ValueMap } from '../../dissect/contract.ts';
import { describe as describeHttp } from '../http/describe.ts';

const titles: Readonly<Record<string, string>> = {
  streamId: 'Stream',
  headersFrames: 'HEADERS Frames',
  continuationFrames: 'CONTINUATION Frames',
  dataFrames: 'DATA Frames',
  dataBytes: 'Data (bytes)',
  paddingBytes: 'Padding (bytes)',
  windowUpdateFrames: 'WINDOW_UPDATE Frames Received',
  windowUpdateBytes: 'Window Opened by (bytes)',
  emptyDataFrames: 'Empty DATA Frames',
  connectionResets: 'Resets on the Connection so Far',
  unknownFields: 'Unknown Headers',
  weight: 'Priority Weight',
  dependsOn: 'Depends on Stream',
  headerBytes: 'Headers, Compressed (bytes)',
  reset: 'Reset',
  goAway: 'Not Processed',
};

export function describe(decoded: DecodedExchange): Description {
  const { request, response } = describeHttp(decoded);
  return {
    request: [...request, ...figures(decoded.request, 'request')],
    response: [...response, ...figures(decoded.response, 'response')],
  };
}

function figures(side: ValueMap | undefined, name: string): Section[] {
  const map = side?.['http2'];
  if (typeof map !== 'object' || map === null || Array.isArray(map)) return [];
  const rows = Object.entries(map).map(([key, value]) => ({
    name: titles[key] ?? key,
    value: typeof value === 'number' ? value : String(value),
    path: `${name}.http2.${key}`,
  }));
  return [{ kind: 'table', title: 'Frames', rows, minor: true }];
}
