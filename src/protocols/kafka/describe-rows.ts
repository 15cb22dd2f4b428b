/** Values → rows of tables. */
import type { DetailRow, Value, ValueMap } from '../../dissect/contract.ts';

const redacted = '[REDACTED]';

export function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isScalar(value: Value): boolean {
  return typeof value !== 'object' || value === null;
}

/** `throttleTimeMs` → `Throttle Time Ms`; `transactionalID` → `Transactional ID`. */
export function titleOf(name: string): string {
  const words = name.replace(/([a-z\d])([A-Z])/g, '$1 $2').replace(/\bId\b/g, 'ID');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The path of a member, quoted when its name is not a plain word. */
export function member(base: string, name: string): string {
  return /^\w+$/.test(name) ? `${base}.${name}` : `${base}[${JSON.stringify(name)}]`;
}

export function cell(value: Value): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

export function scalarRow(name: string, value: Value, path: string, remark?: string): DetailRow {
  const shown = cell(value) ?? 'null';
  const why = remark ?? (shown === redacted ? 'redacted' : undefined);
  return why === undefined
    ? { name, value: shown, path }
    : { name, value: shown, path, remark: why };
}

/** Rows of the members that are no structures; lists of plain values are one row. */
export function memberRows(values: ValueMap, base: string): DetailRow[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = member(base, name);
    if (isScalar(value))
      return [{ ...scalarRow(titleOf(name), value, path), ...noteOf(name, value) }];
    if (!Array.isArray(value) || !value.every(isScalar)) return [];
    return [{ name: titleOf(name), value: value.length === 0 ? '(none)' : value.join(', '), path }];
  });
}

/** Times in full. */
function noteOf(name: string, value: Value): { note?: string } {
  const isTime = /timestamp$/i.test(name) && typeof value === 'number' && value > 0;
  return isTime ? { note: timeText(value) } : {};
}

/** ms since 1970 → ISO 8601, or '' for what is no time. */
export function timeText(ms: Value): string {
  const isTime = typeof ms === 'number' && ms >= 0 && ms < 8.64e15;
  return isTime ? new Date(ms).toISOString() : '';
}
