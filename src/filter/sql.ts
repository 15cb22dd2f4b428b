/**
 * Query → SQL that narrows: every entry that the evaluator accepts satisfies `where`. What SQL cannot
 * say becomes `true`, so the store may show the evaluator too many entries, never too few.
 */
import type {
  ColumnUse,
  Compare,
  Literal,
  Node,
  Operand,
  Operator,
  Path,
  Query,
  Regex,
} from './ast.ts';
import { compileQuery } from './evaluate.ts';
import { outcomesWithout } from './read-path.ts';

/**
 * Column name (`FieldDeclaration.column`) → how the store says it. The expression must have the value
 * that `Subject.column` gives, and be NULL where that is undefined.
 */
export type SqlColumns = Readonly<Record<string, SqlColumn | NarrowedColumn>>;

interface SqlColumn {
  readonly expression: string;
  readonly type: 'number' | 'text' | 'boolean';
}

/** A column that the store does not hold, but whose values follow from others that it does. */
interface NarrowedColumn {
  readonly type: 'text';
  /**
   * A condition that every row satisfies whose value (undefined: missing) passes the test; it takes no
   * parameters. Undefined when there is none worth running.
   */
  narrow(test: (value: string | undefined) => boolean): string | undefined;
}

/** How an engine spells what differs between them. */
export interface SqlDialect {
  /** The n-th parameter, from 1. */
  placeholder(n: number, type: 'number' | 'text' | 'boolean'): string;
  contains(text: string, wanted: string): string;
  startsWith(text: string, wanted: string): string;
  endsWith(text: string, wanted: string): string;
  matches(text: string, pattern: string): string;
}

/** Positional `?`: parameters stand in the order of the text. */
const duckdb: SqlDialect = {
  // a bare ? takes the column's type, which would round the number to it
  placeholder: (_n, type) => (type === 'number' ? '?::DOUBLE' : '?'),
  contains: (text, wanted) => `contains(${text}, ${wanted})`,
  startsWith: (text, wanted) => `starts_with(${text}, ${wanted})`,
  endsWith: (text, wanted) => `ends_with(${text}, ${wanted})`,
  matches: (text, pattern) => `regexp_matches(${text}, ${pattern})`,
};

export interface SqlFilter {
  /** A condition: NULL counts as false. `true` when SQL can say nothing. */
  readonly where: string;
  readonly parameters: readonly unknown[];
  /** `where` says all that the query says: no evaluator is needed. */
  readonly exact: boolean;
}

export function toSql(query: Query, columns: SqlColumns, dialect: SqlDialect = duckdb): SqlFilter {
  return nodeToSql(query.root, columns, dialect);
}

/** As `toSql`, for a part of a query. */
export function nodeToSql(
  node: Node,
  columns: SqlColumns,
  dialect: SqlDialect = duckdb,
): SqlFilter {
  const writer = new Writer(columns, dialect);
  const { sql, exact } = writer.node(node, false);
  return { where: sql, parameters: writer.parameters, exact };
}

interface Part {
  readonly sql: string;
  readonly exact: boolean;
}

const everything: Part = { sql: 'true', exact: false };

/** The patterns that all engines read alike: ASCII, no flags, no classes beyond `\d \w \s`. */
const portablePattern =
  /^(?:[\w\s/:;,=&%#@!~<>'"-]|[.^$|]|\((?:\?:)?|\)|[*+?]|\\[dws.\\/+*?()[\]{}|^$-]|\[\^?[\w .:/-]+\])*$/;

class Writer {
  readonly parameters: unknown[] = [];
  private readonly columns: SqlColumns;
  private readonly dialect: SqlDialect;

  constructor(columns: SqlColumns, dialect: SqlDialect) {
    this.columns = columns;
    this.dialect = dialect;
  }

  /**
   * Negation is carried down to the leaves, where it can be said exactly or not at all: the negation
   * of a condition that is too wide would be too narrow.
   */
  node(node: Node, negated: boolean): Part {
    switch (node.kind) {
      case 'constant':
        return { sql: String(node.value !== negated), exact: true };
      case 'limit':
        return { sql: String(!negated), exact: true };
      case 'macro':
        return this.node(node.body, negated);
      case 'not':
        return this.node(node.item, !negated);
      case 'and':
      case 'or':
        return this.join(node.items, (node.kind === 'and') !== negated, negated);
      default:
        return this.leaf(node, negated);
    }
  }

  private join(items: readonly Node[], isAnd: boolean, negated: boolean): Part {
    const before = this.parameters.length;
    const parts = items.map((item) => this.node(item, negated));
    const exact = parts.every((part) => part.exact);
    if (!isAnd && parts.some((part) => part.sql === 'true')) {
      this.parameters.length = before;
      return { sql: 'true', exact: parts.some((part) => part.sql === 'true' && part.exact) };
    }
    const useful = parts.map((part) => part.sql).filter((sql) => !(isAnd && sql === 'true'));
    if (useful.length === 0) return { sql: 'true', exact };
    return { sql: `(${useful.join(isAnd ? ' and ' : ' or ')})`, exact };
  }

  private leaf(node: Node, negated: boolean): Part {
    const narrowed = this.narrowed(node, negated);
    if (narrowed !== undefined) return { sql: narrowed, exact: false };
    const before = this.parameters.length;
    const guards = new Set<string>();
    const condition = this.condition(node, guards);
    if (condition === undefined) {
      this.parameters.length = before;
      return everything;
    }
    const sql = guards.size === 0 ? condition : `(${[condition, ...guards].join(' and ')})`;
    // NULL means false, so its negation is true
    return { sql: negated ? `not coalesce(${sql}, false)` : sql, exact: true };
  }

  /** The meaning of a leaf, asked of every value that the column could have. */
  private narrowed(node: Node, negated: boolean): string | undefined {
    const operand = narrowable(node);
    const use = operand?.kind === 'path' ? operand.column : undefined;
    if (use === undefined || !Object.hasOwn(this.columns, use.name)) return undefined;
    const column = this.columns[use.name];
    if (column === undefined || !('narrow' in column) || use.protocols || use.side)
      return undefined;
    const matches = compileQuery({ text: '', root: node });
    let value: string | undefined;
    const subject = { column: () => value, root: () => ({}), texts: () => [] };
    return column.narrow((candidate) => {
      value = candidate;
      return matches(subject) !== negated;
    });
  }

  private condition(node: Node, guards: Set<string>): string | undefined {
    if (node.kind === 'truthy') return this.truthy(node.path, guards);
    if (node.kind === 'in') return this.membership(node.left, node.items, guards);
    return node.kind === 'compare' ? this.compare(node, guards) : undefined;
  }

  private truthy(path: Path, guards: Set<string>): string | undefined {
    const column = this.column(path, guards);
    if (column === undefined) return undefined;
    if (column.type === 'boolean') return column.expression;
    return column.type === 'number' ? `${column.expression} <> 0` : `${column.expression} <> ''`;
  }

  private membership(
    left: Operand,
    items: readonly (Literal | Regex)[],
    guards: Set<string>,
  ): string | undefined {
    const conditions: string[] = [];
    for (const item of items) {
      const condition = this.constant(left, '==', item, guards);
      if (condition === undefined) return undefined;
      conditions.push(condition);
    }
    return `(${conditions.join(' or ')})`;
  }

  private compare({ left, operator, right }: Compare, guards: Set<string>): string | undefined {
    if (right.kind !== 'path') return this.constant(left, operator, right, guards);
    const a = this.column(left, guards);
    const b = this.column(right, guards);
    if (a === undefined || b === undefined || a.type !== b.type) return undefined;
    if (a.type === 'text') return this.textCondition(a.expression, operator, b.expression);
    if (a.type === 'boolean' && operator !== '==' && operator !== '!=') return undefined;
    return comparisonOf(a.expression, operator, b.expression);
  }

  private constant(
    left: Operand,
    operator: Operator,
    constant: Literal | Regex,
    guards: Set<string>,
  ): string | undefined {
    const column = this.column(left, guards);
    if (column === undefined) return undefined;
    const { expression, type } = column;
    if (constant.kind === 'regex') {
      const isPortable = type === 'text' && portablePattern.test(constant.pattern);
      if (!isPortable) return undefined;
      const matches = this.dialect.matches(expression, this.parameter(constant.pattern, 'text'));
      return operator === '==' ? matches : `not ${matches}`;
    }
    const { value } = constant;
    if (value === null) {
      if (guards.size > 0) return undefined;
      return `${expression} is ${operator === '==' ? '' : 'not '}null`;
    }
    if (type === 'number' && (typeof value === 'number' || typeof value === 'bigint')) {
      return comparisonOf(expression, operator, () => this.parameter(Number(value), 'number'));
    }
    if (type === 'boolean' && typeof value === 'boolean') {
      return (operator === '==') === value ? expression : `not ${expression}`;
    }
    const isPlainText = type === 'text' && typeof value === 'string' && isPortableText(value);
    if (!isPlainText) return undefined;
    return this.textCondition(expression, operator, this.parameter(value, 'text'));
  }

  private textCondition(text: string, operator: Operator, wanted: string): string | undefined {
    if (operator === 'contains') return this.dialect.contains(text, wanted);
    if (operator === 'startsWith') return this.dialect.startsWith(text, wanted);
    if (operator === 'endsWith') return this.dialect.endsWith(text, wanted);
    return comparisonOf(text, operator, wanted);
  }

  /** The column of an operand; what else must hold for the path to be there is added to `guards`. */
  private column(operand: Operand, guards: Set<string>): SqlColumn | undefined {
    if (operand.kind !== 'path' || operand.column === undefined) return undefined;
    const { name } = operand.column;
    const column = this.known(name);
    if (column === undefined || column.type !== operand.type) return undefined;
    const conditions = this.guardsOf(operand.column);
    if (conditions === undefined) return undefined;
    for (const condition of conditions) guards.add(condition);
    return column;
  }

  private known(name: string): SqlColumn | undefined {
    const column = Object.hasOwn(this.columns, name) ? this.columns[name] : undefined;
    return column !== undefined && 'expression' in column ? column : undefined;
  }

  private guardsOf({ protocols, side }: ColumnUse): string[] | undefined {
    const guards: string[] = [];
    if (protocols !== undefined) {
      const name = this.known('protocol.name');
      if (name === undefined) return undefined;
      guards.push(`${name.expression} in (${protocols.map(literal).join(', ')})`);
    }
    if (side !== undefined) {
      const outcome = this.known('outcome');
      if (outcome === undefined) return undefined;
      guards.push(
        `${outcome.expression} not in (${outcomesWithout[side].map(literal).join(', ')})`,
      );
    }
    return guards;
  }

  private parameter(value: unknown, type: 'number' | 'text'): string {
    this.parameters.push(value);
    return this.dialect.placeholder(this.parameters.length, type);
  }
}

/** What a condition on one path and constants looks at. */
function narrowable(node: Node): Operand | undefined {
  if (node.kind === 'truthy') return node.path;
  if (node.kind === 'in') return node.left;
  return node.kind === 'compare' && node.right.kind !== 'path' ? node.left : undefined;
}

/** NUL and lone surrogates do not pass through every driver. */
function isPortableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const spelled: Readonly<Partial<Record<Operator, string>>> = {
  '==': '=',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

function comparisonOf(
  left: string,
  operator: Operator,
  right: string | (() => string),
): string | undefined {
  const sign = spelled[operator];
  if (sign === undefined) return undefined;
  return `${left} ${sign} ${typeof right === 'string' ? right : right()}`;
}
