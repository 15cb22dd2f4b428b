/** What rows say of the connection: its ends, its protocol, how it was seen. */
import type { Batch } from '../ship/batch.ts';
import { RowFlag } from '../ship/columns.ts';
import type { Exchange, RowConnection } from './exchange.ts';

export class ConnectionColumns {
  #batch: Batch;
  /** The batch's address columns, a word at a time. */
  #sourceWords: Uint32Array;
  #destinationWords: Uint32Array;

  constructor(batch: Batch) {
    this.#batch = batch;
    this.#sourceWords = words(batch.columns.sourceAddress);
    this.#destinationWords = words(batch.columns.destinationAddress);
  }

  /** Rows are written to this batch from now on. */
  use(batch: Batch): void {
    this.#batch = batch;
    this.#sourceWords = words(batch.columns.sourceAddress);
    this.#destinationWords = words(batch.columns.destinationAddress);
  }

  write(exchange: Exchange, row: number): void {
    const connection = exchange.connection!;
    const columns = this.#batch.columns;
    columns.stream[row] = connection.stream;
    columns.protocol[row] = exchange.protocolCode || connection.protocolCode;
    columns.sightings[row] = Math.min(connection.sightings, 255);
    columns.otherNodes[row] = 0;
    const { reversed } = exchange;
    columns.sourcePort[row] = reversed ? connection.serverPort : connection.clientPort;
    columns.destinationPort[row] = reversed ? connection.clientPort : connection.serverPort;
    const secret = exchange.request.redacted || exchange.response.redacted;
    columns.flags[row] = (secret ? RowFlag.Redacted : 0) | (connection.demo ? RowFlag.Demo : 0);
    const { clientAddress, serverAddress } = connection;
    const source = reversed ? this.#destinationWords : this.#sourceWords;
    const destination = reversed ? this.#sourceWords : this.#destinationWords;
    for (let i = 0; i < 4; i++) {
      source[row * 4 + i] = swapped(clientAddress[i]!);
      destination[row * 4 + i] = swapped(serverAddress[i]!);
    }
    if (connection.behindPort !== 0 && !reversed) this.#writeBehind(connection, row);
  }

  /** The address asked for goes to the front, that of the translation takes its place. */
  #writeBehind({ serverPort, behindAddress, behindPort }: RowConnection, row: number): void {
    const { frontAddress, frontPort, destinationAddress, destinationPort } = this.#batch.columns;
    const address = behindAddress!;
    const destination = this.#destinationWords;
    let isSame = behindPort === serverPort;
    for (let i = 0; i < 4; i++) {
      isSame = destination[row * 4 + i] === swapped(address[i]!) >>> 0 && isSame;
    }
    if (isSame) return;
    frontAddress.set(destinationAddress.subarray(row * 16, row * 16 + 16), row * 16);
    frontPort[row] = serverPort;
    destinationPort[row] = behindPort;
    for (let i = 0; i < 4; i++) destination[row * 4 + i] = swapped(address[i]!);
  }
}

/** Words of an address are big-endian numbers, memory is little-endian. */
function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

function words(address: Uint8Array): Uint32Array {
  return new Uint32Array(address.buffer, address.byteOffset, address.length >> 2);
}
