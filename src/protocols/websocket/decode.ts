/** Payload of a WebSocket message → the values of an entry and what the details pane shows. */
import type {
  DecodedExchange,
  Description,
  DetailRow,
  Payload,
  Section,
  ValueMap,
} from '../../dissect/contract.ts';
import { Opcode, opcodeNames } from './frame.ts';
import { MessageFlag, prefixBytes } from './payload.ts';

const utf8 = new TextDecoder();

export function decode(payload: Payload): DecodedExchange {
  return {
    request: payload.request && decodeMessage(payload.request),
    response: payload.response && decodeMessage(payload.response),
  };
}

function decodeMessage(bytes: Uint8Array): ValueMap {
  if (bytes.length < prefixBytes) return {};
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const opcode = bytes[0]!;
  const flags = bytes[1]!;
  const content = bytes.subarray(prefixBytes);
  const map: ValueMap = {
    opcode: opcodeNames[opcode] ?? String(opcode),
    frames: view.getUint32(4),
    size: view.getUint32(8),
    compressed: (flags & MessageFlag.Compressed) !== 0,
    masked: (flags & MessageFlag.Masked) !== 0,
  };
  const notInflated = (flags & MessageFlag.NotInflated) !== 0;
  if (notInflated) map['problem'] = 'compressed with what was not seen: shown as on the wire';
  if (opcode === Opcode.Close) {
    if (content.length >= 2) map['closeCode'] = view.getUint16(prefixBytes);
    map['closeReason'] = utf8.decode(content.subarray(2));
  } else if (opcode === Opcode.Text && !notInflated) {
    map['text'] = utf8.decode(content);
  } else {
    map['text'] = Buffer.from(content).toString('base64');
    map['encoding'] = 'base64';
  }
  return map;
}

const closeNames: Readonly<Record<number, string>> = {
  1000: 'normal closure',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1005: 'no status received',
  1007: 'invalid payload data',
  1008: 'policy violation',
  1009: 'message too big',
  1010: 'extension required',
  1011: 'internal error',
  1012: 'service restart',
  1013: 'try again later',
  1014: 'bad gateway',
};

export function describe(decoded: DecodedExchange): Description {
  return {
    request: decoded.request === undefined ? [] : sections(decoded.request, 'request'),
    response: decoded.response === undefined ? [] : sections(decoded.response, 'response'),
  };
}

function sections(side: ValueMap, name: string): Section[] {
  const { opcode, frames, size, compressed, text, encoding, closeCode, closeReason, problem } =
    side;
  const rows: DetailRow[] = [
    { name: 'Opcode', value: String(opcode), path: `${name}.opcode` },
    { name: 'Frames', value: Number(frames), path: `${name}.frames` },
    { name: 'Size (bytes)', value: Number(size), path: `${name}.size` },
    { name: 'Compressed', value: compressed === true, path: `${name}.compressed` },
  ];
  if (typeof closeCode === 'number') {
    const known = closeNames[closeCode];
    rows.push({
      name: 'Close Code',
      value: closeCode,
      path: `${name}.closeCode`,
      ...(known !== undefined && { remark: known }),
    });
  }
  if (typeof closeReason === 'string' && closeReason !== '') {
    rows.push({ name: 'Close Reason', value: closeReason, path: `${name}.closeReason` });
  }
  if (typeof problem === 'string') {
    rows.push({ name: 'Problem', value: problem, path: `${name}.problem`, remark: 'malformed' });
  }
  const table: Section = { kind: 'table', title: 'Message', rows };
  if (typeof text !== 'string' || text === '') return [table];
  const isText = encoding !== 'base64';
  return [
    table,
    {
      kind: 'body',
      title: 'Content',
      mediaType: !isText
        ? 'application/octet-stream'
        : /^\s*[[{]/.test(text)
          ? 'application/json'
          : 'text/plain',
      encoding: isText ? 'text' : 'base64',
      content: text,
      size: Number(size),
      cut: false,
      path: `${name}.text`,
    },
  ];
}
