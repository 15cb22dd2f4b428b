/** The folder that the program lies in, with a slash at its end: `src` and the bundle are equally deep in it. */
export const rootFolder = new URL('..', import.meta.url);
