/** ⊕ only these, ⊖ none of these, ⧉ copy: what every value offers. */
import type { Value } from '../../../src/dissect/contract.ts';
import { copyText } from '../data/page-state.ts';
import { filterBy } from '../query-bar/control.ts';
import { comparison, type Operator } from '../query-bar/language.ts';
import { AddIcon, CopyIcon, ExcludeIcon } from './icons.tsx';

interface Props {
  /** Query path of the value; without one it can only be copied. */
  readonly path: string | undefined;
  readonly value: Value;
  readonly operator?: Operator | undefined;
  /** Text that is copied; the value when absent. */
  readonly copy?: string;
  /** What the value is called, for screen readers. */
  readonly name?: string;
}

/** Longer values make no sensible query, and no readable tooltip. */
const longestValue = 300;

export function ValueActions({ path, value, operator, copy, name = 'value' }: Props) {
  const text = copy ?? String(value);
  const fits = path !== undefined && value !== undefined && String(value).length <= longestValue;
  return (
    <>
      {fits && (
        <>
          <button
            type="button"
            className="button icon-button small"
            data-add=""
            aria-label={`Add ${name} to the filter`}
            data-tip={`and ${comparison(path, value, operator)}`}
            onClick={() => filterBy(path, value, false, operator)}
          >
            <AddIcon />
          </button>
          <button
            type="button"
            className="button icon-button small"
            data-exclude=""
            aria-label={`Exclude ${name} by the filter`}
            data-tip={`and not (${comparison(path, value, operator)})`}
            onClick={() => filterBy(path, value, true, operator)}
          >
            <ExcludeIcon />
          </button>
        </>
      )}
      <button
        type="button"
        className="button icon-button small"
        aria-label={`Copy ${name}`}
        data-tip="Copy"
        onClick={() => void copyText(text)}
      >
        <CopyIcon />
      </button>
    </>
  );
}
