/** What the parser remembers of one side of a connection. */

/** Topics of a fetch session that are remembered. */
const maxSessionTopics = 64;

export class KafkaState {
  /**
   * The next byte begins a message. Of the server's side this is not known before one of its messages
   * has answered a request.
   */
  synced = false;
  /**
   * Server: the place was found by looking for an answer, which zeros can look like; so many answers must
   * belong to requests before one that does not is believed.
   */
  doubts = 0;
  /** A message was begun and not finished; its rest is dropped as it comes. */
  begun = false;
  /** Its key and its length on the wire. */
  key = 0;
  size = 0;
  /** Client: the mechanism was agreed on by version 0: tokens without a header follow. */
  rawTokens = false;
  /** Tokens without a header that this side has sent. */
  tokens = 0;
  /** Client: as the handshake named it. */
  mechanism = '';
  /** Client: user who authenticates, from the first token. */
  user = '';
  /** Client: topics that the fetch session covers: later requests of the session do not name them. */
  readonly sessionTopics = new Set<string>();
  /** The same as a text. */
  sessionText = '';
  /** Server: empty fetches that got no row since the last one that got one; -1: there was none yet. */
  foldedFetches = -1;

  /** Ids of those topics that nobody has named yet, by how they are shown; how many names there were. */
  readonly unnamed = new Map<string, Uint8Array>();
  namesTried = 0;

  /** `id`: of a topic without a name. */
  addSessionTopic(name: string, id: Uint8Array | undefined): void {
    if (this.sessionTopics.has(name) || this.sessionTopics.size >= maxSessionTopics) return;
    this.sessionTopics.add(name);
    if (id !== undefined) this.unnamed.set(name, id);
    this.sessionText = [...this.sessionTopics].join(', ');
  }

  /** A topic of the session has got its name. */
  nameSessionTopic(shown: string, name: string): void {
    this.unnamed.delete(shown);
    this.sessionTopics.delete(shown);
    this.addSessionTopic(name, undefined);
  }

  clearSession(): void {
    this.sessionTopics.clear();
    this.unnamed.clear();
    this.sessionText = '';
  }
}
