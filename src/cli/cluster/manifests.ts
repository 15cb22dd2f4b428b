/** Objects as YAML, for `kubectl apply -f -`. */
import { stringify } from 'yaml';
import type { ClusterObject } from '../../cluster/objects/index.ts';
import type { TextOutput } from '../context.ts';

export function printYaml(output: TextOutput, objects: readonly ClusterObject[]): void {
  for (const object of objects) {
    output.write(`---\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`);
  }
}
