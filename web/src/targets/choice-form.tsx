/** What to tap: namespaces, pods by name, by label, by workload. Changes nothing until it is applied. */
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import type { TargetChoice, Targets } from '../../../src/serve/api.ts';
import { CloseIcon } from '../ui/icons.tsx';
import { addNamespace, addWorkload, removeFrom, whyNothing } from './choice.ts';

interface Props {
  readonly targets: Targets;
  readonly choice: TargetChoice;
  readonly isChanged: boolean;
  /** Somebody else has changed the choice since this one was begun. */
  readonly isOutdated: boolean;
  readonly isApplying: boolean;
  readonly refusal: string;
  readonly onChange: (choice: TargetChoice) => void;
  readonly onApply: () => void;
  readonly onUndo: () => void;
}

export function ChoiceForm(props: Props) {
  const { targets, choice, isChanged, isOutdated, isApplying, refusal } = props;
  const { onChange, onApply, onUndo } = props;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isChanged && !isApplying) onApply();
  };
  const nothing = whyNothing(choice);
  return (
    <form className="choice" aria-label="What to tap" onSubmit={submit}>
      <h2>What to tap</h2>
      <fieldset className="choice-field">
        <legend>Namespaces</legend>
        <label className="choice-check">
          <input
            type="checkbox"
            checked={choice.allNamespaces}
            onChange={(event) => onChange({ ...choice, allNamespaces: event.target.checked })}
          />
          all namespaces
        </label>
        {!choice.allNamespaces && (
          <Names
            list={choice.namespaces}
            known={targets.namespaces.map(({ name }) => name)}
            label="Add a namespace"
            placeholder="add a namespace"
            onAdd={(name) => onChange(addNamespace(choice, name))}
            onRemove={(name) => onChange(removeFrom(choice, 'namespaces', name))}
          />
        )}
      </fieldset>
      <TextField
        label="Pod name"
        help="regular expression (RE2), found anywhere in the name"
        placeholder="any"
        value={choice.regex}
        onChange={(regex) => onChange({ ...choice, regex })}
      />
      <TextField
        label="Labels"
        help="as kubectl -l takes them"
        placeholder="any, or app=cart,tier!=test"
        value={choice.selector}
        onChange={(selector) => onChange({ ...choice, selector })}
      />
      <fieldset className="choice-field">
        <legend>Workloads</legend>
        <Names
          list={choice.workloads}
          known={targets.workloads.map(({ name }) => name)}
          label="Add a workload"
          placeholder={choice.workloads.length === 0 ? 'any, or deploy/cart' : 'add a workload'}
          onAdd={(name) => onChange(addWorkload(choice, name))}
          onRemove={(name) => onChange(removeFrom(choice, 'workloads', name))}
        />
      </fieldset>
      {(['include', 'exclude'] as const).map(
        (list) =>
          choice[list].length > 0 && (
            <fieldset key={list} className="choice-field">
              <legend>{list === 'include' ? 'Pods tapped in any case' : 'Pods left out'}</legend>
              <Chips
                list={choice[list]}
                onRemove={(name) => onChange(removeFrom(choice, list, name))}
              />
            </fieldset>
          ),
      )}
      <div className="choice-end">
        <p className="choice-remark" role="status">
          {refusal !== '' && <span className="red">{refusal}</span>}
          {refusal === '' && nothing !== '' && <span className="amber">{nothing}</span>}
          {isChanged && isOutdated && (
            <span className="amber">
              The choice was changed elsewhere meanwhile: applying replaces it.
            </span>
          )}
        </p>
        <button type="submit" className="button primary" disabled={!isChanged || isApplying}>
          {isApplying ? 'Applying …' : 'Apply'}
        </button>
        <button type="button" className="button bordered" disabled={!isChanged} onClick={onUndo}>
          Undo changes
        </button>
        <p className="dim choice-note">
          Takes effect within two seconds. Connections that go on being tapped lose nothing.
        </p>
      </div>
    </form>
  );
}

interface TextProps {
  readonly label: string;
  readonly help: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function TextField({ label, help, placeholder, value, onChange }: TextProps) {
  const id = useId();
  return (
    <div className="choice-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="field mono"
        value={value}
        placeholder={placeholder}
        aria-describedby={`${id}-help`}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        onChange={(event) => onChange(event.target.value)}
      />
      <span id={`${id}-help`} className="dim">
        {help}
      </span>
    </div>
  );
}

interface ChipProps {
  readonly list: readonly string[];
  readonly onRemove: (name: string) => void;
  readonly children?: ReactNode;
}

function Chips({ list, onRemove, children }: ChipProps) {
  return (
    <div className="chips">
      {list.map((name) => (
        <span key={name} className="chip">
          <span className="chip-name">{name}</span>
          <button
            type="button"
            className="chip-remove"
            aria-label={`Leave out ${name}`}
            onClick={() => onRemove(name)}
          >
            <CloseIcon size={10} />
          </button>
        </span>
      ))}
      {children}
    </div>
  );
}

interface NamesProps extends ChipProps {
  readonly known: readonly string[];
  readonly label: string;
  readonly placeholder: string;
  readonly onAdd: (name: string) => void;
}

/** Chosen names, and a field for one more: Enter, a comma or leaving it adds what is typed. */
function Names({ list, known, label, placeholder, onAdd, onRemove }: NamesProps) {
  const [text, setText] = useState('');
  const id = useId();
  const others = [...new Set(known)].filter((name) => !list.includes(name));
  const add = (typed: string) => {
    const name = typed.trim();
    setText('');
    if (name !== '') onAdd(name);
  };
  return (
    <Chips list={list} onRemove={onRemove}>
      <input
        className="chip-input mono"
        list={id}
        aria-label={label}
        placeholder={placeholder}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target, nativeEvent }) => {
          // A choice from the list comes whole, not letter by letter.
          const isWhole = !(nativeEvent instanceof InputEvent) || !nativeEvent.inputType;
          if (target.value.endsWith(',')) add(target.value.slice(0, -1));
          else if (isWhole && known.includes(target.value)) add(target.value);
          else setText(target.value);
        }}
        onBlur={() => add(text)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && text.trim() !== '') {
            event.preventDefault();
            add(text);
          } else if (event.key === 'Backspace' && text === '' && list.length > 0) {
            onRemove(list.at(-1)!);
          }
        }}
      />
      <datalist id={id}>
        {others.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </Chips>
  );
}
