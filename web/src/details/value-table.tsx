/** Names and values, each with ⊕ ⊖ ⧉ when pointed at or focused. */
import type { DetailRow } from '../../../src/dissect/contract.ts';
import { ValueActions } from '../ui/value-actions.tsx';

/** Rows drawn at most: a message with more is shown as a body anyway. */
const mostRows = 2_000;

export function ValueTable({
  rows,
  label,
}: {
  readonly rows: readonly DetailRow[];
  readonly label: string;
}) {
  return (
    <>
      <table className="values" aria-label={label}>
        <tbody>
          {rows.slice(0, mostRows).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: names repeat, the order is the message's
            <tr key={index} data-value-actions="">
              <th scope="row">{row.name}</th>
              <td>
                {row.value === '' ? (
                  <span className="nothing">empty</span>
                ) : (
                  <span className={row.value === '[REDACTED]' ? 'dim' : ''}>
                    {String(row.value)}
                  </span>
                )}
                {row.remark !== undefined && row.remark !== 'redacted' && (
                  <span className="amber"> {row.remark}</span>
                )}
                {row.note !== undefined && <span className="dim"> {row.note}</span>}
                <span className="line-actions">
                  <ValueActions path={row.path} value={row.value} name={row.name} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > mostRows && (
        <p className="body-remark amber">and {rows.length - mostRows} more</p>
      )}
    </>
  );
}
