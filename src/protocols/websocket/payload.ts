/**
 * What is kept of a WebSocket message: the frames are put together, unmasked and inflated.
 *
 *   u8 opcode · u8 flags · u16 reserved · u32 frames · u32 bytes on the wire, compressed · content
 */
export const prefixBytes = 12;

export const MessageFlag = {
  Compressed: 1,
  /** It could not be inflated: the content is as on the wire. */
  NotInflated: 2,
  Masked: 4,
} as const;
