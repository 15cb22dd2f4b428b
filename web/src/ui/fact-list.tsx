/** Labels and values, of which each value is a button that filters by it. */
import { filterBy } from '../query-bar/control.ts';
import { comparison } from '../query-bar/language.ts';
import { ValueActions } from './value-actions.tsx';

export interface Fact {
  readonly label: string;
  readonly value: string | number;
  readonly path: string;
}

interface Props {
  readonly facts: readonly Fact[];
  readonly label: string;
}

export function FactList({ facts, label }: Props) {
  return (
    <table className="facts" aria-label={label}>
      <tbody>
        {facts.map(({ label: name, value, path }) => (
          <tr key={path} data-value-actions="">
            <th scope="row">{name}</th>
            <td>
              <button
                type="button"
                className="fact-value mono"
                data-tip={`and ${comparison(path, value)}`}
                onClick={() => filterBy(path, value)}
              >
                {value}
              </button>
              <span className="line-actions">
                <ValueActions path={path} value={value} name={`${name} ${value}`} />
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
