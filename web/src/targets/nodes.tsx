/** The tapper of each node: whether it runs, what it saw, what it lost, how much memory it takes. */
import type { TargetedNode } from '../../../src/serve/api.ts';
import { bytes, duration, exactBytes, exactTime, integer, rate } from '../ui/format.ts';

interface Props {
  readonly nodes: readonly TargetedNode[];
  /** The server's time, ms since 1970: now, and when it reported. */
  readonly now: number;
  readonly readAt: number;
}

const states: Readonly<Record<string, string>> = {
  capturing: 'running',
  waiting: 'running, waits for targets',
  stopped: 'stopped',
  failed: 'cannot capture',
  gone: 'not connected',
  missing: 'not there yet',
};

function colourOf({ wanted, running, state }: TargetedNode): string {
  if (running && state !== 'failed') return state === 'capturing' ? 'green' : 'dim';
  if (!wanted) return 'dim';
  return state === 'missing' ? 'amber' : 'red';
}

/** `now`, `42 s ago` */
function ago(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 3) return 'now';
  return seconds < 60 ? `${seconds} s ago` : `${duration(seconds * 1_000)} ago`;
}

export function Nodes({ nodes, now, readAt }: Props) {
  const troubled = nodes.filter(({ wanted, running }) => wanted && !running).length;
  return (
    <section className="target-nodes" aria-label="Tappers">
      <div className="targets-head">
        <h2>Tappers</h2>
        <span className="dim">
          {nodes.length === 0 ? '' : `${nodes.filter(({ running }) => running).length} running`}
        </span>
        {troubled > 0 && <span className="red">{troubled} not running</span>}
      </div>
      {nodes.length === 0 ? (
        <p className="tree-empty dim">
          No tapper runs: they run only on nodes with pods that are tapped.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        <section className="nodes-scroll scrolls" aria-label="Tappers by node" tabIndex={0}>
          <table className="nodes">
            <thead>
              <tr>
                <th scope="col">node</th>
                <th scope="col">tapper</th>
                <th scope="col" className="number">
                  pods
                </th>
                <th scope="col" className="number">
                  packets
                </th>
                <th scope="col" className="number" data-tip="Packets that the kernel dropped">
                  dropped
                </th>
                <th
                  scope="col"
                  className="number"
                  data-tip="Entries, bodies and connections given up on purpose, for want of memory"
                >
                  shed
                </th>
                <th scope="col" className="number">
                  memory
                </th>
                <th scope="col" className="number">
                  last seen
                </th>
                <th scope="col">version</th>
              </tr>
            </thead>
            <tbody>
              {nodes.map((node) => (
                <NodeLine key={node.name} node={node} now={node.running ? readAt : now} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function NodeLine({ node, now }: { readonly node: TargetedNode; readonly now: number }) {
  const { name, pod, targets, packets, dropped, shed, lastSeen, version, reason } = node;
  const isKnown = lastSeen > 0;
  const known = (text: string) => (isKnown ? text : <span className="dim">–</span>);
  return (
    <tr>
      <th scope="row" data-tip={pod}>
        {name}
      </th>
      <td>
        <span className={colourOf(node)}>{states[node.state] ?? node.state}</span>
        {!node.wanted && node.running && <span className="dim"> · not needed any more</span>}
        {reason !== '' && <span className="dim"> · {reason}</span>}
      </td>
      <td className="number">{integer(targets)}</td>
      <td className="number" data-tip={isKnown ? `${integer(packets)} packets` : undefined}>
        {known(rate(packets))}
      </td>
      <td className={`number${dropped > 0 ? ' amber' : ''}`}>{known(integer(dropped))}</td>
      <td className={`number${shed > 0 ? ' amber' : ''}`}>{known(integer(shed))}</td>
      <td className="number">
        <Memory node={node} />
      </td>
      <td
        className={`number${node.running ? ' dim' : ''}`}
        data-tip={isKnown ? exactTime(lastSeen) : undefined}
      >
        {isKnown ? ago(now - lastSeen) : 'never'}
      </td>
      <td className="dim">{version}</td>
    </tr>
  );
}

/** From this share of its limit on, the memory is worth a look. */
const tight = 0.85;

function Memory({ node: { memoryBytes, memoryLimitBytes } }: { readonly node: TargetedNode }) {
  if (memoryBytes === 0) return <span className="dim">–</span>;
  const share = memoryLimitBytes === 0 ? 0 : Math.min(1, memoryBytes / memoryLimitBytes);
  const tip =
    memoryLimitBytes === 0
      ? exactBytes(memoryBytes)
      : `${exactBytes(memoryBytes)} of ${exactBytes(memoryLimitBytes)}`;
  return (
    <span className="memory" data-tip={tip}>
      {memoryLimitBytes > 0 && (
        <span className="memory-bar" aria-hidden="true">
          <span
            className={share >= tight ? 'tight' : ''}
            style={{ width: `${Math.round(share * 100)}%` }}
          />
        </span>
      )}
      <span className={share >= tight ? 'amber' : ''}>{bytes(memoryBytes)}</span>
    </span>
  );
}
