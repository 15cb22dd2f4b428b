/**
 * The body of a message → sections. Structures without structures in them become a grid; others are
 * opened, element by element, titled by their topic; records have a place of their own.
 */
import type { Section, Value, ValueMap } from '../../dissect/contract.ts';
import { describeRecords } from './describe-records.ts';
import { cell, isMap, isScalar, member, memberRows, titleOf } from './describe-rows.ts';

/** Sections of a side; what is more is shown as a tree. */
const maxSections = 80;
/** Rows of a grid. */
const maxRows = 1_000;
/** Deepest structure that is opened. */
const maxDepth = 8;
/** Rows that only name the structure. */
const inTitle: ReadonlySet<string> = new Set(['Partition', 'Topic', 'Name']);

export function describePayload(payload: Value, base: string): Section[] {
  if (!isMap(payload)) return [];
  const sections: Section[] = [];
  open(payload, base, 'Payload', '', sections, 0);
  if (sections.length <= maxSections) return sections;
  const tree: Section = { kind: 'tree', title: 'Payload', value: payload, path: base };
  return [...sections.slice(0, maxSections), tree];
}

/** `where`: the topic and partition that the structure is about. */
function open(
  values: ValueMap,
  base: string,
  title: string,
  where: string,
  sections: Section[],
  depth: number,
): void {
  if (sections.length > maxSections || depth > maxDepth) return;
  const rows = memberRows(values, base);
  const named = where === '' ? title : `${title} (${where})`;
  // A table of nothing but what its title names is left out.
  const isNamedOnly = rows.length === 1 && where !== '' && inTitle.has(rows[0]!.name);
  if (rows.length > 0 && !isNamedOnly) sections.push({ kind: 'table', title: named, rows });
  for (const [name, value] of Object.entries(values)) {
    const path = member(base, name);
    if (name === 'recordBatch' && isMap(value)) describeRecords(value, path, where, sections);
    else if (isMap(value)) openMember(value, path, name, where, sections, depth);
    else if (Array.isArray(value) && value.some(isMap)) {
      openList(value, path, name, where, sections, depth);
    }
  }
}

function openMember(
  value: ValueMap,
  path: string,
  name: string,
  where: string,
  sections: Section[],
  depth: number,
): void {
  open(value, path, titleOf(name), where, sections, depth + 1);
}

function openList(
  list: readonly Value[],
  path: string,
  name: string,
  where: string,
  sections: Section[],
  depth: number,
): void {
  const elements = list.filter(isMap);
  if (elements.every(isFlat)) {
    sections.push(gridOf(elements, path, titled(name, where)));
    return;
  }
  for (const [i, element] of elements.entries()) {
    const about = [where, aboutOf(element)].filter((text) => text !== '').join(', ');
    open(element, `${path}[${i}]`, `${titleOf(name)} [${i}]`, about, sections, depth + 1);
  }
}

function titled(name: string, where: string): string {
  return where === '' ? titleOf(name) : `${titleOf(name)} (${where})`;
}

/** What an element is about: its topic, its partition, its name. */
function aboutOf(element: ValueMap): string {
  const { topic, name, topicName, partition, partitionIndex, groupId } = element;
  const named = topic ?? topicName ?? name;
  if (typeof named === 'string') return `topic: ${named}`;
  const numbered = partition ?? partitionIndex;
  if (typeof numbered === 'number') return `partition: ${numbered}`;
  return typeof groupId === 'string' ? `group: ${groupId}` : '';
}

/** Has no structures in it. */
function isFlat(value: ValueMap): boolean {
  return Object.values(value).every(
    (each) => isScalar(each) || (Array.isArray(each) && each.every(isScalar)),
  );
}

function gridOf(elements: readonly ValueMap[], path: string, title: string): Section {
  const columns = [...new Set(elements.flatMap((element) => Object.keys(element)))];
  const shown = elements.slice(0, maxRows);
  const more = elements.length > shown.length;
  return {
    kind: 'grid',
    title,
    columns: columns.map(titleOf),
    rows: shown.map((element) =>
      columns.map((name) => {
        const value = element[name];
        return Array.isArray(value) ? value.join(', ') : cell(value);
      }),
    ),
    paths: shown.map((_, i) => `${path}[${i}]`),
    ...(more && { remark: `the first ${maxRows} of ${elements.length} rows` }),
  };
}
