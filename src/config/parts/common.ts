import type { CommandName, Extras } from '../declare.ts';

/** Commands that choose targets and keep traffic. */
export const targetCommands: readonly CommandName[] = ['tap', 'install'];

/** Commands that talk to a cluster. */
export const clusterCommands: readonly CommandName[] = [
  'tap',
  'install',
  'view',
  'clean',
  'logs',
  'check',
];

export const anyPort: Extras = { least: 0, most: 65_535 };
export const fixedPort: Extras = { least: 1, most: 65_535 };

/** A name of an object in Kubernetes: RFC 1123 label. */
export const label: Extras = {
  pattern: {
    matches: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    expected: 'a name of lower-case letters, digits and dashes, at most 63 long',
  },
};

/** As `label`; empty means that there is none. */
export const labelOrNone: Extras = {
  pattern: {
    matches: /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$/,
    expected: 'a name of lower-case letters, digits, dashes and dots, or nothing',
  },
};

/** `750m`, `1Gi`, `1e3`; empty means that nothing is set. */
export const quantity: Extras = {
  pattern: {
    matches: /^(\d+(\.\d*)?|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$|^$/,
    expected: 'a Kubernetes quantity such as 750m or 1Gi',
  },
};
