import type { Flow } from './flow.ts';

/** Flows in the order of their last use, linked through themselves: nothing to allocate or search. */
export class AgeList<Context> {
  oldest: Flow<Context> | undefined = undefined;
  newest: Flow<Context> | undefined = undefined;
  size = 0;

  add(flow: Flow<Context>, nowMs: number): void {
    flow.usedMs = nowMs;
    flow.newer = undefined;
    flow.older = this.newest;
    if (this.newest === undefined) this.oldest = flow;
    else this.newest.newer = flow;
    this.newest = flow;
    this.size++;
  }

  remove(flow: Flow<Context>): void {
    if (flow.newer === undefined) this.newest = flow.older;
    else flow.newer.older = flow.older;
    if (flow.older === undefined) this.oldest = flow.newer;
    else flow.older.newer = flow.newer;
    flow.newer = undefined;
    flow.older = undefined;
    this.size--;
  }

  touch(flow: Flow<Context>, nowMs: number): void {
    this.remove(flow);
    this.add(flow, nowMs);
  }
}
