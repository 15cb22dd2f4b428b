/** A body: its size and type, the ways to look at it, copy and download. */
import { Suspense, useEffect, useMemo, useState } from 'react';
import { bodyAddress } from '../data/api.ts';
import { useObserved } from '../data/observable.ts';
import { copyText } from '../data/page-state.ts';
import { settings } from '../data/settings.ts';
import { bytes, exactBytes } from '../ui/format.ts';
import { CopyIcon, DownloadIcon, WrapIcon } from '../ui/icons.tsx';
import { lazyPart } from '../ui/lazy-part.tsx';
import {
  type BodySection,
  type BodyView,
  bytesOf,
  languageOf,
  viewsOf,
  viewTitles,
} from './body-views.ts';
import { formatMarkup } from './format-markup.ts';
import { HexView } from './hex-view.tsx';
import { formatJson, indexJson } from './json-index.ts';
import { JsonTree } from './json-tree.tsx';
import { useSearchText, WithSearch } from './search.tsx';
import { useJsonIndex } from './use-json-index.ts';
import { ValueTable } from './value-table.tsx';

const TextView = lazyPart(() => import('./text-view.tsx').then((module) => module.TextView));

interface Props {
  readonly body: BodySection;
  readonly entry: string;
  readonly side: 'request' | 'response';
}

interface BodyProps extends Props {
  /** The fields of the form are shown elsewhere. */
  readonly isForm: boolean;
}

export function Body({ body, entry, side, isForm }: BodyProps) {
  const views = useMemo(
    () => viewsOf(body).filter((choice) => choice !== 'form' || !isForm),
    [body, isForm],
  );
  const [wanted, setWanted] = useState<BodyView>();
  const view = wanted !== undefined && views.includes(wanted) ? wanted : views[0]!;
  const wrap = useObserved(settings, (value) => value.wrap);
  const isText = view === 'text' || view === 'raw';
  return (
    <WithSearch>
      {(searchBox) => (
        <section className="section" aria-label={`${body.title} of the ${side}`}>
          <div className="body-head">
            <h3>{body.title}</h3>
            <span className="dim" data-tip={exactBytes(body.size)}>
              {bytes(body.size)}
            </span>
            <span className="dim body-type">{body.mediaType || 'no type'}</span>
            <span className="body-controls">
              {(view === 'tree' || isText) && searchBox}
              {isText && (
                <button
                  type="button"
                  className="button icon-button small"
                  aria-label="Wrap lines"
                  aria-pressed={wrap}
                  data-tip="Wrap lines"
                  onClick={() => settings.set({ wrap: !wrap })}
                >
                  <WrapIcon />
                </button>
              )}
              <fieldset className="views">
                <legend className="hidden-text">View</legend>
                {views.map((choice) => (
                  <button
                    key={choice}
                    type="button"
                    className="button small"
                    aria-pressed={choice === view}
                    onClick={() => setWanted(choice)}
                  >
                    {viewTitles[choice]}
                  </button>
                ))}
              </fieldset>
              <BodyButtons body={body} entry={entry} side={side} />
            </span>
          </div>
          <BodyRemarks body={body} />
          <BodyContent body={body} view={view} wrap={wrap} />
        </section>
      )}
    </WithSearch>
  );
}

function BodyButtons({ body, entry, side }: Props) {
  return (
    <>
      {body.encoding === 'text' && (
        <button
          type="button"
          className="button icon-button small"
          aria-label="Copy the body"
          data-tip="Copy the body"
          onClick={() => void copyText(body.content)}
        >
          <CopyIcon />
        </button>
      )}
      <a
        className="button icon-button small"
        href={bodyAddress(entry, side)}
        download
        aria-label="Download the body"
        data-tip="Download the body"
      >
        <DownloadIcon />
      </a>
    </>
  );
}

function BodyRemarks({ body }: { readonly body: BodySection }) {
  const { remark, cut, size, kept = size } = body;
  if (!cut && remark === undefined) return null;
  return (
    <p className="body-remark amber" data-tip={cut ? cutTip(kept, size) : undefined}>
      {cut && `cut at ${bytes(kept)}${kept < size ? ` of ${bytes(size)}` : ''}`}
      {cut && remark !== undefined && ' · '}
      {remark}
    </p>
  );
}

function cutTip(kept: number, size: number): string {
  return kept < size ? `${exactBytes(kept)} of ${exactBytes(size)}` : exactBytes(kept);
}

interface ContentProps {
  readonly body: BodySection;
  readonly view: BodyView;
  readonly wrap: boolean;
}

function BodyContent({ body, view, wrap }: ContentProps) {
  const search = useSearchText();
  if (view === 'tree') return <Tree body={body} search={search} />;
  if (view === 'form') return <Form body={body} />;
  if (view === 'image') return <Picture body={body} />;
  if (view === 'hex') return <Hex body={body} />;
  return <Text body={body} isFormatted={view === 'text'} wrap={wrap} />;
}

function Tree({ body, search }: { readonly body: BodySection; readonly search: string }) {
  const index = useJsonIndex(body.content);
  if (index.count === 0) {
    return (
      <>
        <p className="body-remark amber">not JSON, although its type says so</p>
        <Text body={body} isFormatted={false} wrap />
      </>
    );
  }
  return (
    <>
      {index.brokenAt >= 0 && !body.cut && (
        <p className="body-remark amber">not whole JSON: it breaks at character {index.brokenAt}</p>
      )}
      <JsonTree
        index={index}
        path={body.path === undefined ? undefined : `${body.path}.json()`}
        search={search}
      />
    </>
  );
}

function Text({
  body,
  isFormatted,
  wrap,
}: {
  readonly body: BodySection;
  readonly isFormatted: boolean;
  readonly wrap: boolean;
}) {
  const language = languageOf(body);
  const text = useMemo(() => {
    if (!isFormatted) return body.content;
    if (language === 'json') return formatJson(indexJson(body.content));
    return formatMarkup(body.content, body.mediaType.includes('html'));
  }, [body, isFormatted, language]);
  return (
    <Suspense fallback={<div className="text-view" />}>
      <TextView text={text} language={language} wrap={wrap} />
    </Suspense>
  );
}

function Form({ body }: { readonly body: BodySection }) {
  const rows = useMemo(
    () =>
      [...new URLSearchParams(body.content)].map(([name, value]) => ({
        name,
        value,
        ...(value === '[REDACTED]' ? { remark: 'redacted' } : {}),
      })),
    [body],
  );
  return <ValueTable rows={rows} label="Form fields" />;
}

function Hex({ body }: { readonly body: BodySection }) {
  const content = useMemo(() => bytesOf(body), [body]);
  return <HexView bytes={content} />;
}

function Picture({ body }: { readonly body: BodySection }) {
  const [address, setAddress] = useState('');
  const [size, setSize] = useState('');
  useEffect(() => {
    const url = URL.createObjectURL(new Blob([bytesOf(body)], { type: body.mediaType }));
    setAddress(url);
    return () => URL.revokeObjectURL(url);
  }, [body]);
  return (
    <figure className="picture">
      {address !== '' && (
        <img
          src={address}
          alt="Body of the message"
          onLoad={(event) =>
            setSize(
              `${event.currentTarget.naturalWidth} × ${event.currentTarget.naturalHeight} pixels`,
            )
          }
          onError={() => setSize('this image cannot be drawn: it is cut or damaged')}
        />
      )}
      <figcaption className="dim">{size}</figcaption>
    </figure>
  );
}
