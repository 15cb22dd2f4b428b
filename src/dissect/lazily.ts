/** Loads what is needed only when somebody looks: see `lazily`. */

/**
 * A function whose module is loaded at its first call. The halves of a protocol that read what was kept
 * stay out of the pipeline's threads by it, and out of commands that show no entry: loading them takes
 * longer than starting all the rest. `load` runs once.
 */
export function lazily<Given extends readonly unknown[], Result>(
  load: () => (...given: Given) => Result,
): (...given: Given) => Result {
  let loaded: ((...given: Given) => Result) | undefined;
  return (...given) => {
    loaded ??= load();
    return loaded(...given);
  };
}
