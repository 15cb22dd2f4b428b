/**
 * One connection seen twice by a pipeline: on two interfaces, before and after its addresses were
 * translated, inside and outside a tunnel. Both handshakes have the same two initial sequence numbers
 * (64 bits at random); the one seen first is dissected, and told where the other one leads.
 */
import { type Conversation, Phase } from './conversation.ts';

/** Conversations remembered, twice; the other sighting comes within milliseconds. */
const maxRemembered = 1024;
/** The same numbers after so long are of a capture that is played again. */
const maxApartMs = 3000;

export class Twins {
  /** By the client's initial sequence number. */
  #recent = new Map<number, Conversation>();
  #older = new Map<number, Conversation>();

  /**
   * Whether a conversation, whose first bytes have come at `nowMs`, is dissected already as another
   * one. Asked once for each.
   */
  knows(conversation: Conversation, nowMs: number): boolean {
    conversation.metMs = nowMs;
    const key = clientSequence(conversation);
    if (key < 0) return false;
    const known = this.#recent.get(key) ?? this.#older.get(key);
    if (known !== undefined && areSame(known, conversation)) {
      known.behind = conversation.connection;
      known.sightings++;
      return true;
    }
    if (serverSequence(conversation) < 0) return false;
    if (this.#recent.size >= maxRemembered) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, conversation);
    return false;
  }

  /**
   * The first bytes of an end were lost. A bridge shows answers half way through a translation, one way
   * only: to miss the requests there is no loss. Returns true for these; nothing more is read of them.
   */
  missed(conversation: Conversation, nowMs: number): boolean {
    if (conversation.metMs >= 0 || !this.knows(conversation, nowMs)) {
      conversation.beginningLost = true;
      return false;
    }
    for (const speaker of conversation.speakers) {
      speaker.phase = Phase.Off;
      speaker.window.clear();
    }
    conversation.connection.ignored = true;
    return true;
  }
}

function areSame(known: Conversation, other: Conversation): boolean {
  // Where only the client is seen, on a bridge that shows half-translated packets, its number has to do.
  const answer = serverSequence(other);
  if (answer >= 0 && answer !== serverSequence(known)) return false;
  if (Math.abs(known.metMs - other.metMs) > maxApartMs || known.beginningLost) return false;
  // A translation of the client's port alone does not exist: made-up connections look so.
  const onlyPortDiffers =
    isSame(known.clientAddress, other.clientAddress) &&
    isSame(known.serverAddress, other.serverAddress) &&
    known.serverPort === other.serverPort &&
    known.clientPort !== other.clientPort;
  return !onlyPortDiffers;
}

/** Initial sequence numbers; -1 where they, or who the client is, were not seen. */
function clientSequence({ connection }: Conversation): number {
  if (connection.client === -1) return -1;
  return connection.client === 0 ? connection.initialSequence0 : connection.initialSequence1;
}

function serverSequence({ connection }: Conversation): number {
  if (connection.client === -1) return -1;
  return connection.client === 0 ? connection.initialSequence1 : connection.initialSequence0;
}

function isSame(one: Uint32Array, other: Uint32Array): boolean {
  return one[3] === other[3] && one[2] === other[2] && one[1] === other[1] && one[0] === other[0];
}
