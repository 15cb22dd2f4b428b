/** Two marked entries: what differs between them. */
import { useQueries } from '@tanstack/react-query';
import type { Section } from '../../../src/dissect/contract.ts';
import type { EntryDetails } from '../../../src/serve/api.ts';
import { api } from '../data/api.ts';
import { useObserved } from '../data/observable.ts';
import { pageState } from '../data/page-state.ts';
import { clockTime, duration } from '../ui/format.ts';
import { languageOf } from './body-views.ts';
import { indexJson, Kind, pathOf } from './json-index.ts';

/** Values compared of one body. */
const mostValues = 5_000;
/** Differences drawn. */
const mostShown = 500;

interface Difference {
  readonly name: string;
  readonly left: string | undefined;
  readonly right: string | undefined;
}

/** Everything of an entry as name → text: what its row says, its tables, its bodies value by value. */
export function flatten({ entry, sections }: EntryDetails): Map<string, string> {
  const values = new Map<string, string>();
  values.set('outcome', entry.outcome);
  values.set('elapsed', entry.elapsedTime === null ? '' : duration(entry.elapsedTime));
  values.set('destination', `${entry.dst.name || entry.dst.ip}:${entry.dst.port}`);
  for (const side of ['request', 'response'] as const) {
    for (const section of sections[side]) {
      for (const [name, text] of valuesOf(section)) {
        const tail = name === '' ? '' : ` › ${name}`;
        values.set(`${side} › ${section.title}${tail}`, text);
      }
    }
  }
  return values;
}

function valuesOf(section: Section): Iterable<readonly [name: string, text: string]> {
  switch (section.kind) {
    case 'table':
      return section.rows.map(({ name, value }) => [name, String(value)] as const);
    case 'grid':
      return gridValues(section);
    case 'tree':
      return jsonValues(JSON.stringify(section.value) ?? '');
    case 'body':
      return languageOf(section) === 'json'
        ? jsonValues(section.content)
        : [['', section.content.slice(0, 2_000)] as const];
  }
}

function* gridValues({ rows, columns }: Extract<Section, { kind: 'grid' }>) {
  for (const [at, row] of rows.slice(0, mostValues / columns.length).entries()) {
    for (const [column, value] of row.entries()) {
      yield [`${columns[column]} [${at}]`, String(value ?? '')] as const;
    }
  }
}

/** Each value of a JSON text by its path. */
function* jsonValues(content: string) {
  const index = indexJson(content);
  for (let node = 0; node < Math.min(index.count, mostValues); node++) {
    if (index.kind[node] === Kind.Object || index.kind[node] === Kind.Array) continue;
    const text = index.text.slice(index.from[node], index.to[node]);
    yield [pathOf(index, node), text] as const;
  }
}

/** What differs, in the order of the first. */
export function differences(left: Map<string, string>, right: Map<string, string>): Difference[] {
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names]
    .map((name) => ({ name, left: left.get(name), right: right.get(name) }))
    .filter((difference) => difference.left !== difference.right);
}

export function Compare() {
  const marked = useObserved(pageState, (state) => state.marked);
  const answers = useQueries({
    queries: marked.map((id) => ({
      queryKey: ['entry', id, 'compare'],
      queryFn: () => api.entry(id),
    })),
  });
  const [left, right] = answers;
  const failure = answers.find((answer) => answer.error !== null)?.error;
  if (failure) return <p className="body-remark red">{failure.message}</p>;
  if (left?.data === undefined || right?.data === undefined) return null;
  const found = differences(flatten(left.data), flatten(right.data));
  return (
    <table className="compare">
      <thead>
        <tr>
          <th scope="col">
            {found.length === 0 ? 'no difference' : `${found.length} differences`}
          </th>
          {[left.data.entry, right.data.entry].map((entry) => (
            <th key={entry.id} scope="col">
              {entry.method} {clockTime(entry.timestamp)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {found.slice(0, mostShown).map((difference) => (
          <tr key={difference.name}>
            <th scope="row">{difference.name}</th>
            <td className="mono">{difference.left ?? <span className="dim">absent</span>}</td>
            <td className="mono">{difference.right ?? <span className="dim">absent</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
