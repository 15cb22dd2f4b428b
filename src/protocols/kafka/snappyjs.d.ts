declare module 'snappyjs' {
  /** Throws when the input is damaged, or says that it becomes longer than `maxLength`. */
  export function uncompress(compressed: Uint8Array, maxLength?: number): Uint8Array;
  export function compress(uncompressed: Uint8Array): Uint8Array;
}
