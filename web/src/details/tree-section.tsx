/** A value of any depth as a tree: replies, tables of fields, messages. */
import { useMemo } from 'react';
import type { Section } from '../../../src/dissect/contract.ts';
import { copyText, pageState } from '../data/page-state.ts';
import { CopyIcon } from '../ui/icons.tsx';
import { formatJson, indexJson } from './json-index.ts';
import { JsonTree } from './json-tree.tsx';
import { useSearchText, WithSearch } from './search.tsx';

type TreeSection = Extract<Section, { kind: 'tree' }>;

/** A tree of fewer lines is seen at a glance. */
const searchFrom = 12;

interface Props {
  readonly section: TreeSection;
  readonly side: 'request' | 'response';
}

export function Tree({ section, side }: Props) {
  const { title, value, remark } = section;
  const index = useMemo(() => indexJson(JSON.stringify(value) ?? ''), [value]);
  return (
    <WithSearch>
      {(searchBox) => (
        <section className="section" aria-label={`${title} of the ${side}`}>
          <div className="body-head">
            <h3>{title}</h3>
            <span className="body-controls">
              {index.count > searchFrom && searchBox}
              <button
                type="button"
                className="button icon-button small"
                aria-label={`Copy ${title}`}
                data-tip="Copy as JSON"
                onClick={() => void copyText(formatJson(index))}
              >
                <CopyIcon />
              </button>
            </span>
          </div>
          {remark !== undefined && (
            <Remark text={remark} lacksSchema={section.lacksSchema === true} />
          )}
          {index.count === 0 ? (
            <p className="body-remark dim">empty</p>
          ) : (
            <Content section={section} index={index} />
          )}
        </section>
      )}
    </WithSearch>
  );
}

interface RemarkProps {
  readonly text: string;
  /** A schema would tell more. */
  readonly lacksSchema: boolean;
}

function Remark({ text, lacksSchema }: RemarkProps) {
  return (
    <p className="body-remark amber">
      {text}
      {lacksSchema && (
        <button
          type="button"
          className="button small bordered remark-button"
          data-tip="Give .proto files (s)"
          onClick={() => pageState.set({ dialog: 'schemas' })}
        >
          give its schema
        </button>
      )}
    </p>
  );
}

function Content({
  section,
  index,
}: {
  readonly section: TreeSection;
  readonly index: ReturnType<typeof indexJson>;
}) {
  const search = useSearchText();
  return <JsonTree index={index} path={section.path} search={search} label={section.title} />;
}
