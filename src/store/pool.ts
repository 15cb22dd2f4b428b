/** Connections for queries, shared by whoever asks. */
import type { Connection, Database } from './duckdb.ts';

/** Statements that run at the same time; others wait for their turn. */
const maxConnections = 4;

export class Pool {
  readonly #database: Database;
  readonly #idle: Connection[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Runs with a connection of its own; the statement is interrupted when the signal is aborted. */
  async use<Result>(
    run: (connection: Connection) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    while (this.#busy >= maxConnections) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    signal?.throwIfAborted();
    this.#busy++;
    const connection = this.#idle.pop() ?? this.#connect();
    const interrupt = () => connection.interrupt();
    signal?.addEventListener('abort', interrupt);
    try {
      return await run(connection);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', interrupt);
      this.#idle.push(connection);
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  /** Waits for running statements, then closes the connections. */
  async close(): Promise<void> {
    while (this.#busy > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  #connect(): Connection {
    return this.#database.connect();
  }
}
