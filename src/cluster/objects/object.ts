/** The shape all builders share. */
import type { ClusterSettings, StringMap } from '../settings.ts';
import { commonLabels } from './names.ts';

export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels: StringMap;
  readonly annotations?: StringMap;
}

/** An object as the API takes it: plain JSON. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

/** Points at an object without its content. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

export interface MetadataExtras {
  readonly labels?: StringMap;
  readonly annotations?: StringMap;
}

export function clusterMetadata(
  settings: ClusterSettings,
  name: string,
  extras: MetadataExtras = {},
): ObjectMetadata {
  const annotations = { ...settings.annotations, ...extras.annotations };
  return {
    name,
    labels: { ...commonLabels(settings), ...extras.labels },
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

export function namespacedMetadata(
  settings: ClusterSettings,
  name: string,
  extras: MetadataExtras = {},
): ObjectMetadata {
  const { namespace } = settings;
  return { ...clusterMetadata(settings, name, extras), namespace };
}
