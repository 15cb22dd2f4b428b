/**
 * A layout → a plan of steps by which `parse-skim.ts` walks over a message and marks only what a row
 * shows. One number a step, in one array: no object is touched on the way.
 *
 *   step   16 bits of argument · 10 bits of bytes skipped before it · 5 bits of what is done, an `Op`
 */
import {
  type Field,
  type FieldType,
  isFlexible,
  type Layout,
  requestLayout,
  responseLayout,
} from './schema.ts';

/** Steps of a plan; each with an argument. */
export const Op = {
  /** The end of the message. */
  End: 0,
  /** Nothing but the bytes skipped before it. */
  Skip: 1,
  /** Text, bytes or records with a length of 2 bytes; of 4; or variable. Argument: a `Mark`. */
  Text: 2,
  Bytes: 3,
  Compact: 4,
  /** 16 bytes. Argument: a `Mark`. */
  Uuid: 5,
  Error: 6,
  Acks: 7,
  /** A count of 4 bytes, or a variable one. Argument: where the plan goes on behind the elements. */
  Array: 8,
  CompactArray: 9,
  /** Behind an element. Argument: where an element begins. */
  Again: 10,
  /** Arrays whose elements are of one size. Argument: that size. */
  FixedArray: 11,
  CompactFixedArray: 12,
  /** A structure that may be null. Argument: where the plan goes on when it is. */
  Optional: 13,
  /** Tagged fields. */
  Tags: 14,
  /** Both, as at the end of most elements. Argument: that of `Again`. */
  TagsAgain: 15,
  /** Around a structure that has the name and the id of a topic. */
  Forget: 16,
  Learn: 17,
  /** Epoch of a fetch session. */
  Epoch: 18,
} as const;
export type Op = (typeof Op)[keyof typeof Op];

/** The bits of a step. */
export const opMask = 31;
export const skipShift = 5;
export const skipMask = 1023;
export const argumentShift = 15;

/** What a text, or an id, is to the row. */
export const Mark = { None: 0, Topic: 1, Group: 2, Transaction: 3, Records: 4, Secret: 5 } as const;

export type Plan = Int32Array;

const fixedSizes: Readonly<Partial<Record<FieldType, number>>> = {
  b: 1,
  i1: 1,
  i2: 2,
  u2: 2,
  i4: 4,
  u4: 4,
  i8: 8,
  f8: 8,
  u: 16,
};

const marks: Readonly<Record<string, number>> = {
  T: Mark.Topic,
  G: Mark.Group,
  X: Mark.Transaction,
};

class PlanWriter {
  readonly #steps: number[] = [];
  #skipped = 0;

  write(layout: Layout, flexibleHeader: boolean): Plan {
    if (flexibleHeader) this.#step(Op.Tags, 0);
    this.#struct(layout);
    this.#step(Op.End, 0);
    return Int32Array.from(this.#steps);
  }

  #struct(layout: Layout): void {
    const { fields } = layout;
    const names = fields.some(
      ({ role, type, isArray }) => role === 'T' && type === 's' && !isArray,
    );
    const learns = names && fields.some(({ role }) => role === 'I');
    if (learns) this.#step(Op.Forget, 0);
    for (const field of fields) this.#field(field, layout.flexible);
    if (layout.flexible) this.#step(Op.Tags, 0);
    if (learns) this.#step(Op.Learn, 0);
  }

  #field(field: Field, flexible: boolean): void {
    if (!field.isArray) {
      this.#value(field, flexible);
      return;
    }
    const size = field.role === 'I' ? undefined : fixedSize(field);
    if (size !== undefined) {
      this.#step(flexible ? Op.CompactFixedArray : Op.FixedArray, size);
      return;
    }
    const array = this.#step(flexible ? Op.CompactArray : Op.Array, 0);
    const element = this.#steps.length;
    this.#value({ ...field, isArray: false, isNullable: false }, flexible);
    this.#again(element);
    this.#leadTo(array, this.#steps.length);
  }

  #value(field: Field, flexible: boolean): void {
    const { type, role, layout } = field;
    if (layout !== undefined) {
      if (!field.isNullable) this.#struct(layout);
      else {
        const optional = this.#step(Op.Optional, 0);
        this.#struct(layout);
        if (this.#skipped > 0) this.#step(Op.Skip, 0);
        this.#leadTo(optional, this.#steps.length);
      }
    } else if (type === 's') this.#step(flexible ? Op.Compact : Op.Text, marks[role] ?? Mark.None);
    else if (type === 'B')
      this.#step(flexible ? Op.Compact : Op.Bytes, role === 'S' ? Mark.Secret : Mark.None);
    else if (type === 'R') this.#step(flexible ? Op.Compact : Op.Bytes, Mark.Records);
    else if (role === 'E') this.#step(Op.Error, 0);
    else if (role === 'P') this.#step(Op.Epoch, 0);
    else if (role === 'A') this.#step(Op.Acks, 0);
    else if (role === 'I') this.#step(Op.Uuid, Mark.Topic);
    else this.#skipped += fixedSizes[type] ?? 0;
  }

  /** Behind an element, which begins at step `element`. Who leads to the tags there leads to both. */
  #again(element: number): void {
    const last = this.#steps.length - 1;
    const hasTags = this.#skipped === 0 && last >= element && this.#opAt(last) === Op.Tags;
    if (!hasTags) this.#step(Op.Again, element);
    else {
      this.#steps[last] = this.#steps[last]! + (Op.TagsAgain - Op.Tags);
      this.#leadTo(last, element);
    }
  }

  #opAt(step: number): number {
    return this.#steps[step]! & opMask;
  }

  #leadTo(step: number, place: number): void {
    this.#steps[step] = this.#steps[step]! + (place << argumentShift);
  }

  /** Returns where the step lies. */
  #step(op: Op, argument: number): number {
    for (; this.#skipped > skipMask; this.#skipped -= skipMask) {
      this.#steps.push(Op.Skip + (skipMask << skipShift));
    }
    this.#steps.push(op + (this.#skipped << skipShift) + (argument << argumentShift));
    this.#skipped = 0;
    return this.#steps.length - 1;
  }
}

/** Length of an element that needs no look at its fields. */
function fixedSize({ type, role, layout }: Field): number | undefined {
  if (role === 'E') return undefined;
  if (layout === undefined) return fixedSizes[type];
  if (layout.flexible) return undefined;
  let size = 0;
  for (const field of layout.fields) {
    const own = field.isArray || field.isNullable ? undefined : fixedSize(field);
    if (own === undefined || field.role === 'I') return undefined;
    size += own;
  }
  return size;
}

/** Behind the correlation id and, of requests, the client id. */
function planOf(layout: Layout | undefined, flexibleHeader: boolean): Plan | undefined {
  return layout && new PlanWriter().write(layout, flexibleHeader);
}

const apiVersionsKey = 18;

/** Answers to ApiVersions never have the flexible header, so that a client of any age can read them. */
export function hasFlexibleResponseHeader(key: number, version: number): boolean {
  return key !== apiVersionsKey && isFlexible(key, version);
}

/** Room for API keys and versions in the tables of plans. */
const maxKey = 256;
const maxVersion = 64;

type Plans = (Plan | null | undefined)[];
const requestPlans: Plans = new Array(maxKey * maxVersion);
const responsePlans: Plans = new Array(maxKey * maxVersion);

/** Plan of a request's header behind the client id and its body; undefined when the version is unknown. */
export function requestPlan(key: number, version: number): Plan | undefined {
  if (key < 0 || key >= maxKey || version < 0 || version >= maxVersion) return undefined;
  const at = key * maxVersion + version;
  let plan = requestPlans[at];
  if (plan === undefined) {
    plan = planOf(requestLayout(key, version), isFlexible(key, version)) ?? null;
    requestPlans[at] = plan;
  }
  return plan ?? undefined;
}

/** Plan of an answer behind its correlation id. */
export function responsePlan(key: number, version: number): Plan | undefined {
  if (key < 0 || key >= maxKey || version < 0 || version >= maxVersion) return undefined;
  const at = key * maxVersion + version;
  let plan = responsePlans[at];
  if (plan === undefined) {
    const flexible = hasFlexibleResponseHeader(key, version);
    plan = planOf(responseLayout(key, version), flexible) ?? null;
    responsePlans[at] = plan;
  }
  return plan ?? undefined;
}
