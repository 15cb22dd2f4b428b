/** Request and response as their protocol describes them: tables and bodies. */
import { Fragment, useRef } from 'react';
import type { Section } from '../../../src/dissect/contract.ts';
import type { Entry } from '../../../src/entry/entry.ts';
import type { EntryDetails } from '../../../src/serve/api.ts';
import { useObserved } from '../data/observable.ts';
import { settings } from '../data/settings.ts';
import { integer } from '../ui/format.ts';
import { ChevronIcon } from '../ui/icons.tsx';
import { useSize } from '../ui/use-size.ts';
import { Body } from './body.tsx';
import { Grid } from './grid.tsx';
import { Tree } from './tree-section.tsx';
import { ValueTable } from './value-table.tsx';

/** From this width on request and response stand side by side. */
const besideFrom = 860;

/** Longer tables are closed at first: above the other side's body they would be in its way. */
const longTable = { both: 6, alone: 20 } as const;
/** Characters of a closed table that are shown beside its title. */
const summaryLength = 240;

type Side = 'request' | 'response';

interface Props {
  readonly details: EntryDetails;
  readonly sides: Side | 'both';
}

export function Sections({ details, sides }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const both = bothOf(details);
  const shown: readonly Side[] = sides === 'both' ? both : [sides];
  const beside = shown.length > 1 && width >= besideFrom;
  return (
    <div ref={box} className={beside ? 'sides beside' : 'sides'}>
      {shown.map((side) => (
        <OneSide key={side} details={details} side={side} isTitled={shown.length > 1} />
      ))}
    </div>
  );
}

/** A message has one side only, and so has what is never answered. */
function bothOf({ entry, sections }: EntryDetails): readonly Side[] {
  const sides = ['request', 'response'] as const;
  if (!isOver.has(entry.outcome)) return sides;
  const own = sides.filter((side) => entry[side] !== undefined || sections[side].length > 0);
  return own.length === 1 ? own : sides;
}

/** Nothing is missing that could still be told of. */
const isOver: ReadonlySet<string> = new Set(['ok', 'failed']);

const absent = {
  pending: 'No response yet. It appears here when it comes.',
  'no response': 'No response was seen.',
  'no request': 'The request was not seen: it was lost, or sent before the capture started.',
} as const;

interface SideProps {
  readonly details: EntryDetails;
  readonly side: Side;
  readonly isTitled: boolean;
}

function OneSide({ details, side, isTitled }: SideProps) {
  const { entry, sections, breaks } = details;
  const own = sections[side];
  const word = side === 'request' ? 'Request' : 'Response';
  // What its protocol says first is seen, unless it is very long.
  const longest = (section: Section) =>
    isTitled && section !== own[0] ? longTable.both : longTable.alone;
  const isForm = own.some((section) => section.kind === 'table' && /^form/i.test(section.title));
  const isCut = own.some((section) => section.kind === 'body' && section.cut);
  const why = absent[entry.outcome as keyof typeof absent];
  return (
    <div className="side">
      <h2 className={isTitled ? 'side-title' : 'hidden-text'}>{word}</h2>
      {own.length === 0 && (
        <p className="body-remark dim">
          {why ?? (entry[side] === undefined ? `There is no ${side}.` : `The ${side} is empty.`)}
        </p>
      )}
      {inOrder(own).map((section, index, all) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sections keep their order
        <Fragment key={index}>
          <OneSection
            section={section}
            entry={entry}
            side={side}
            isForm={isForm}
            isCut={isCut}
            isLong={section.kind === 'table' && section.rows.length > longest(section)}
            isOnly={own.every(isMinor)}
          />
          {isLastShown(all, index) && breaks?.[side] !== undefined && (
            <p className="body-remark amber">{breaks[side]}</p>
          )}
        </Fragment>
      ))}
    </div>
  );
}

const isMinor = ({ minor }: Section) => minor === true;

/** What tells something new first. */
function inOrder(sections: readonly Section[]): readonly Section[] {
  if (sections.every(isMinor)) return sections;
  return [...sections.filter((section) => !isMinor(section)), ...sections.filter(isMinor)];
}

/** What was lost comes behind this one: only what repeats follows. */
function isLastShown(sections: readonly Section[], index: number): boolean {
  const last = sections.findLastIndex((section) => !isMinor(section));
  return index === (last < 0 ? sections.length - 1 : last);
}

/** Values of a section that is listed line by line. */
function countOf(section: Section): number {
  return section.kind === 'table' || section.kind === 'grid' ? section.rows.length : 0;
}

/** Rows of a table that deserve attention: it is not hidden. */
function remarks(section: Section): number {
  if (section.kind !== 'table') return 0;
  return section.rows.filter(({ remark }) => remark !== undefined && remark !== 'redacted').length;
}

/** What a closed table holds, in a line. */
function summary(section: Section): string {
  if (section.kind === 'grid') return section.columns.join(' · ');
  if (section.kind !== 'table') return '';
  let text = '';
  for (const { name, value } of section.rows) {
    if (text.length > summaryLength) break;
    text += `${text === '' ? '' : ' · '}${name}: ${String(value).slice(0, 60)}`;
  }
  return text;
}

interface SectionProps {
  readonly section: Section;
  readonly entry: Entry;
  readonly side: Side;
  readonly isLong: boolean;
  /** There is nothing else to look at. */
  readonly isOnly: boolean;
  /** Its fields stand in a table of their own. */
  readonly isForm: boolean;
  /** The body of this side is cut. */
  readonly isCut: boolean;
}

function OneSection({ section, entry, side, isLong, isOnly, isForm, isCut }: SectionProps) {
  const { title } = section;
  const chosen = useObserved(settings, (value) => value.openSections)[title];
  // That a body is cut is said where the body is.
  const known = isCut && isMinor(section) ? 1 : 0;
  const isClosed = isLong || (isMinor(section) && !isOnly);
  const open = chosen ?? (remarks(section) > known || !isClosed);
  if (section.kind === 'body') {
    if (section.size === 0 && section.content === '' && !section.cut) return null;
    return <Body body={section} entry={entry.id} side={side} isForm={isForm} />;
  }
  if (section.kind === 'tree') return <Tree section={section} side={side} />;
  if (section.rows.length === 0 && !('remark' in section)) return null;
  return (
    <section className="section" aria-label={`${section.title} of the ${side}`}>
      <h3>
        <button
          type="button"
          className="section-title"
          aria-expanded={open}
          onClick={() =>
            settings.set({ openSections: { ...settings.get().openSections, [title]: !open } })
          }
        >
          <span className={open ? 'twist open' : 'twist'}>
            <ChevronIcon size={11} />
          </span>
          {section.title}
          <span className="dim">{integer(countOf(section))}</span>
          {!open && <span className="section-summary mono dim">{summary(section)}</span>}
        </button>
      </h3>
      {open && section.kind === 'table' && (
        <ValueTable rows={section.rows} label={`${section.title} of the ${side}`} />
      )}
      {open && section.kind === 'grid' && <Grid grid={section} entry={entry} side={side} />}
    </section>
  );
}
