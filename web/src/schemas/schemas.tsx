/** `.proto` files and descriptor sets: give them, see what they say, take them back. */
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import type { GivenSchemas, ReadSchemaFile } from '../../../src/dissect/contract.ts';
import { bytes, exactBytes, plural } from '../ui/format.ts';
import { ChevronIcon, CloseIcon } from '../ui/icons.tsx';
import { useSchemas } from './given.ts';
import {
  acceptedEndings,
  filesOfDrop,
  filesOfInput,
  mostBytes,
  type PickedFile,
  pick,
} from './picked-files.ts';
import { type Problem, problemOf } from './problems.ts';
import './schemas.css';

export function Schemas() {
  const { report, files, error, isBusy, add, remove, removeAll } = useSchemas();
  const [remark, setRemark] = useState('');
  const take = (all: readonly PickedFile[]) => {
    const { files: chosen, passedOver, problem } = pick(all);
    setRemark(problem || (passedOver > 0 ? `${plural(passedOver, 'other file')} passed over` : ''));
    if (chosen.length > 0) add(chosen);
  };
  const box = useRef<HTMLDivElement>(null);
  // The button that was pressed goes away with its line: the keyboard stays in the dialog.
  const thenFocus = (change: () => void) => {
    change();
    box.current?.querySelector('button')?.focus();
  };
  const names = files.map(({ name }) => name);
  const problems = (report?.problems ?? []).map((text) => problemOf(text, names));
  return (
    <div className="schemas" ref={box}>
      <p className="dim">
        Messages are shown with the names and types that these files give them, from now on and also
        in calls that were captured before, for everybody who looks at this tap.
      </p>
      <DropZone onFiles={take} isBusy={isBusy} />
      <p className="schemas-remark" role="status">
        {error !== null && <span className="red">{error.message}</span>}
        {error === null && remark !== '' && <span className="amber">{remark}</span>}
      </p>
      {problems
        .filter(({ file }) => file === '')
        .map(({ text }) => (
          <p key={text} className="amber">
            {text}
          </p>
        ))}
      {report !== undefined && (
        <Summary report={report} files={files} onRemoveAll={() => thenFocus(removeAll)} />
      )}
      {files.length > 0 && (
        <FileList
          files={files}
          problems={problems}
          onRemove={(name) => thenFocus(() => remove(name))}
        />
      )}
    </div>
  );
}

interface ZoneProps {
  readonly onFiles: (files: readonly PickedFile[]) => void;
  readonly isBusy: boolean;
}

/** While it is open, files may be dropped anywhere on the page. */
function DropZone({ onFiles, isBusy }: ZoneProps) {
  const [isOver, setOver] = useState(false);
  const take = useRef(onFiles);
  take.current = onFiles;
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      if (event.dataTransfer === null) return;
      event.preventDefault();
      void filesOfDrop(event.dataTransfer).then((files) => take.current(files));
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
  return (
    <div className={`drop-zone${isOver ? ' over' : ''}`} aria-busy={isBusy}>
      {isBusy && <div className="loading-bar" />}
      <p>Drop .proto files, folders of them, or descriptor sets here</p>
      <p className="drop-buttons">
        <FileButton onFiles={onFiles} isFolder={false}>
          Choose files
        </FileButton>
        <FileButton onFiles={onFiles} isFolder>
          Choose a folder
        </FileButton>
      </p>
      <p className="dim">
        Up to {mostBytes >> 20} MiB. A descriptor set is what{' '}
        <code>protoc --include_imports --descriptor_set_out=all.protoset</code> writes.
      </p>
    </div>
  );
}

interface ButtonProps {
  readonly onFiles: (files: readonly PickedFile[]) => void;
  readonly isFolder: boolean;
  readonly children: ReactNode;
}

function FileButton({ onFiles, isFolder, children }: ButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        className="button bordered"
        data-autofocus={isFolder ? undefined : true}
        onClick={() => input.current?.click()}
      >
        {children}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        {...(isFolder ? { webkitdirectory: '' } : { accept: acceptedEndings })}
        onChange={({ currentTarget }) => {
          onFiles(filesOfInput(currentTarget.files));
          // The same files may be chosen again once they are mended.
          currentTarget.value = '';
        }}
      />
    </>
  );
}

interface SummaryProps {
  readonly report: GivenSchemas;
  readonly files: readonly ReadSchemaFile[];
  readonly onRemoveAll: () => void;
}

function Summary({ report: { messages, methods }, files, onRemoveAll }: SummaryProps) {
  const isUnlisted = files.length === 0 && messages + methods > 0;
  if (files.length === 0 && !isUnlisted) {
    return (
      <p className="dim">
        No file is given. Fields are shown by their numbers, except where a server has told its
        types by reflection.
      </p>
    );
  }
  return (
    <div className="schemas-summary">
      <h3>
        {files.length > 0 && `${plural(files.length, 'file')} · `}
        {plural(messages, 'type')} of messages · {plural(methods, 'call')}
      </h3>
      {isUnlisted && <span className="dim">given before; files given now replace them</span>}
      <button type="button" className="button small" onClick={onRemoveAll}>
        remove all
      </button>
    </div>
  );
}

interface ListProps {
  readonly files: readonly ReadSchemaFile[];
  readonly problems: readonly Problem[];
  readonly onRemove: (name: string) => void;
}

function FileList({ files, problems, onRemove }: ListProps) {
  const ordered = [...files].sort((one, other) => {
    // What needs attention first.
    const wrong = (name: string) => (problems.some(({ file }) => file === name) ? 0 : 1);
    return wrong(one.name) - wrong(other.name) || (one.name < other.name ? -1 : 1);
  });
  return (
    <ul className="schema-files scrolls" aria-label="Files">
      {ordered.map((file) => (
        <FileLine
          key={file.name}
          file={file}
          problems={problems.filter((problem) => problem.file === file.name)}
          onRemove={() => onRemove(file.name)}
        />
      ))}
    </ul>
  );
}

interface LineProps {
  readonly file: ReadSchemaFile;
  readonly problems: readonly Problem[];
  readonly onRemove: () => void;
}

function FileLine({ file, problems, onRemove }: LineProps) {
  const { name, bytes: size, messages, services } = file;
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const calls = services.reduce((sum, { methods }) => sum + methods.length, 0);
  const isListed = messages.length + calls > 0;
  return (
    <li className="schema-file">
      <div className="schema-line">
        {isListed ? (
          <button
            type="button"
            className="section-title"
            aria-expanded={isOpen}
            aria-controls={id}
            onClick={() => setOpen(!isOpen)}
          >
            <span className={isOpen ? 'twist open' : 'twist'}>
              <ChevronIcon size={11} />
            </span>
            <span className="schema-name mono">{name}</span>
          </button>
        ) : (
          <span className="schema-name mono unlisted">{name}</span>
        )}
        <span className="schema-counts dim">
          {`${plural(messages.length, 'type')} · ${plural(calls, 'call')}`}
        </span>
        <span className="schema-size number dim" data-tip={exactBytes(size)}>
          {bytes(size)}
        </span>
        <button
          type="button"
          className="button icon-button small"
          aria-label={`Remove ${name}`}
          data-tip="Remove"
          onClick={onRemove}
        >
          <CloseIcon size={12} />
        </button>
      </div>
      {problems.map(({ line, text }) => (
        <p key={`${line} ${text}`} className="schema-problem red">
          {line !== undefined && <b>line {line}: </b>}
          {text}
        </p>
      ))}
      {isOpen && (
        <div id={id} className="schema-names">
          {services.map((service) => (
            <p key={service.name}>
              <span className="dim">service </span>
              <span className="mono">{service.name}</span>
              <span className="mono dim">{service.methods.map((each) => ` /${each}`)}</span>
            </p>
          ))}
          {messages.length > 0 && (
            <p>
              <span className="dim">types </span>
              <span className="mono">{messages.join('  ')}</span>
            </p>
          )}
        </div>
      )}
    </li>
  );
}
