// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot be virtual; the treegrid pattern of ARIA is kept
// biome-ignore-all lint/a11y/useFocusableInteractive: the treegrid has the focus and names the active line
/** A line of the tree of targets, and what can be done with it. */
import type { TargetChoice, TargetedPod, Targets } from '../../../src/serve/api.ts';
import { ChevronIcon } from '../ui/icons.tsx';
import {
  addNamespace,
  addWorkload,
  isChosen,
  leaveOutPod,
  podPath,
  removeFrom,
  removeNamespace,
  tapPod,
} from './choice.ts';
import type { Line } from './lines.ts';

interface Props {
  readonly line: Line;
  readonly targets: Targets;
  readonly top: number;
  readonly isActive: boolean;
  readonly choice: TargetChoice;
  readonly onChange: (choice: TargetChoice) => void;
  readonly onFlip: (line: Line) => void;
}

const depths = { namespace: 0, workload: 1, pod: 2 } as const;

export function TreeLine(props: Props) {
  const { line, top, isActive, onFlip } = props;
  const depth = line.kind === 'pod' ? line.depth : depths[line.kind];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter does it, by the treegrid
    <div
      id={`target-${line.key}`}
      role="row"
      aria-level={depth + 1}
      {...(line.kind === 'pod' ? {} : { 'aria-expanded': line.isOpen })}
      aria-selected={isActive}
      data-value-actions=""
      className={`tree-line ${line.kind}${isActive ? ' active' : ''}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onFlip(line)}
    >
      {line.kind === 'pod' ? (
        <PodCells pod={line.pod} depth={depth} />
      ) : (
        <GroupCells line={line} depth={depth} />
      )}
      <Actions {...props} />
    </div>
  );
}

/** Full: all of it is tapped; half: some; empty: none. */
function Mark({ pods, tapped }: { readonly pods: number; readonly tapped: number }) {
  const state = tapped === 0 ? 'none' : tapped < pods ? 'some' : 'all';
  return <span className={`tap-mark ${state}`} aria-hidden="true" />;
}

type GroupLine = Exclude<Line, { kind: 'pod' }>;

function GroupCells({ line, depth }: { readonly line: GroupLine; readonly depth: number }) {
  const { name, pods, tapped, isOpen, kind, reason } = line;
  const [type = '', short = ''] = kind === 'workload' ? name.split('/') : ['', name];
  return (
    <>
      <span role="gridcell" className="tree-name" style={{ paddingLeft: 6 + depth * 16 }}>
        <span className={`twist${isOpen ? ' open' : ''}${pods === 0 ? ' hidden' : ''}`}>
          <ChevronIcon size={11} />
        </span>
        <Mark pods={pods} tapped={tapped} />
        <span className="tree-text">{short}</span>
        {type !== '' && <span className="dim tree-kind">{type}</span>}
      </span>
      <span role="gridcell" className="number tree-count">
        {pods === 0 ? <span className="dim">no pods</span> : `${tapped} / ${pods}`}
      </span>
      <span role="gridcell" />
      <span role="gridcell" />
      <span role="gridcell" className="dim">
        {isOpen ? '' : reason}
      </span>
    </>
  );
}

function PodCells({ pod, depth }: { readonly pod: TargetedPod; readonly depth: number }) {
  return (
    <>
      <span role="gridcell" className="tree-name" style={{ paddingLeft: 22 + depth * 16 }}>
        <Mark pods={1} tapped={pod.tapped ? 1 : 0} />
        <span className={`tree-text mono${pod.tapped ? '' : ' dim'}`}>{pod.name}</span>
      </span>
      <span role="gridcell" className="number">
        {pod.tapped ? 'tapped' : <span className="dim">no</span>}
      </span>
      <span role="gridcell" className="dim">
        {pod.node}
      </span>
      <span role="gridcell" className="dim">
        {pod.phase}
      </span>
      <span role="gridcell" className="dim" data-tip={pod.explanation}>
        {pod.explanation}
      </span>
    </>
  );
}

interface Act {
  readonly word: string;
  readonly tip: string;
  readonly next: TargetChoice;
}

/** What can be done with a line, seen from the choice as it is being changed. */
function actOf({ line, targets, choice }: Props): Act | undefined {
  if (line.kind === 'namespace') {
    const { namespace } = line;
    const known = targets.namespaces.map(({ name }) => name);
    return isChosen(choice, namespace)
      ? {
          word: 'leave out',
          tip: `Leave out namespace ${namespace}`,
          next: removeNamespace(choice, namespace, known),
        }
      : {
          word: 'tap',
          tip: `Tap namespace ${namespace} as well`,
          next: addNamespace(choice, namespace),
        };
  }
  if (line.kind === 'workload') {
    const { name } = line;
    return choice.workloads.includes(name)
      ? {
          word: 'leave out',
          tip: `Do not name ${name}`,
          next: removeFrom(choice, 'workloads', name),
        }
      : {
          word: choice.workloads.length === 0 ? 'only this' : 'also this',
          tip: `Tap ${name}, and of the others only those that are named too`,
          next: addWorkload(choice, name),
        };
  }
  const { pod } = line;
  if (pod.reason === 'mizu' || pod.reason === 'host-network') return undefined;
  const path = podPath(pod);
  const isTapped = (pod.tapped || choice.include.includes(path)) && !choice.exclude.includes(path);
  return isTapped
    ? { word: 'leave out', tip: 'Leave out this pod by its name', next: leaveOutPod(choice, pod) }
    : {
        word: 'tap',
        tip: 'Tap this pod by its name, whatever the rest of the choice says',
        next: tapPod(choice, pod),
      };
}

function Actions(props: Props) {
  const act = actOf(props);
  if (act === undefined) return null;
  return (
    <span className="line-actions" role="gridcell">
      <button
        type="button"
        className="button small"
        data-add=""
        tabIndex={-1}
        data-tip={act.tip}
        onClick={(event) => {
          event.stopPropagation();
          props.onChange(act.next);
        }}
      >
        {act.word}
      </button>
    </span>
  );
}
