/**
 * A value outside React that components may watch. Everything that changes many times a second lives
 * in one of these, so that no row and no counter is React state.
 */
import { useCallback, useSyncExternalStore } from 'react';

export interface Observable<T> {
  get(): T;
  /** Replaces the given properties and tells the listeners, once. */
  set(change: Partial<T>): void;
  subscribe(listener: () => void): () => void;
}

/** A new observable holding `initial`. */
export function observable<T extends object>(initial: T): Observable<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(change) {
      let different = false;
      for (const name in change) if (change[name] !== value[name]) different = true;
      if (!different) return;
      value = { ...value, ...change };
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Watches one part of an observable; `select` must return the same reference while nothing changed. */
export function useObserved<T extends object, Part>(
  source: Observable<T>,
  select: (value: T) => Part,
): Part {
  const read = useCallback(() => select(source.get()), [source, select]);
  return useSyncExternalStore(source.subscribe, read);
}
