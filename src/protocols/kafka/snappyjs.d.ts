/** For tests; what is received is unpacked by `decode-snappy.ts`. */
declare module 'snappyjs' {
  export function compress(uncompressed: Uint8Array): Uint8Array;
}
