/** Where the time of a call went: sending, waiting, receiving. */
import type { EntryRow } from '../../../src/entry/entry.ts';
import { duration, exactTime } from '../ui/format.ts';
import { ValueTable } from './value-table.tsx';

interface Phase {
  readonly name: string;
  readonly help: string;
  readonly from: number;
  readonly to: number;
}

/** The phases on one axis, ms from the first byte of the request. */
export function phasesOf(row: EntryRow): Phase[] {
  const { request, wait } = row.timing;
  const total = row.elapsedTime;
  const phases: Phase[] = [
    { name: 'sending', help: 'first to last byte of the request', from: 0, to: request },
  ];
  if (wait === null) return phases;
  // An answer may begin before the request has ended: the wait is then nothing.
  const answerFrom = Math.max(0, wait);
  phases.push({
    name: 'waiting',
    help: 'last byte of the request to first byte of the response',
    from: Math.min(request, answerFrom),
    to: answerFrom,
  });
  if (total !== null) {
    phases.push({
      name: 'receiving',
      help: 'first to last byte of the response',
      from: answerFrom,
      to: Math.max(answerFrom, total),
    });
  }
  return phases;
}

export function Timing({ entry }: { readonly entry: EntryRow }) {
  const phases = phasesOf(entry);
  const total = Math.max(0.001, ...phases.map((phase) => phase.to));
  return (
    <div className="timing">
      <table>
        <thead className="hidden-text">
          <tr>
            <th>phase</th>
            <th>when</th>
            <th>how long</th>
          </tr>
        </thead>
        <tbody>
          {phases.map((phase) => (
            <tr key={phase.name} data-tip={phase.help}>
              <th scope="row">{phase.name}</th>
              <td className="timing-axis">
                <span
                  className={`timing-bar ${phase.name}`}
                  style={{
                    left: `${(phase.from / total) * 100}%`,
                    width: `${((phase.to - phase.from) / total) * 100}%`,
                  }}
                />
              </td>
              <td className="number">{duration(phase.to - phase.from)}</td>
            </tr>
          ))}
          <tr className="timing-total">
            <th scope="row">together</th>
            <td />
            <td className="number">
              {entry.elapsedTime === null ? entry.outcome : duration(entry.elapsedTime)}
            </td>
          </tr>
        </tbody>
      </table>
      <ValueTable
        label="Times"
        rows={[
          { name: 'Request began', value: exactTime(entry.timestamp) },
          ...(entry.elapsedTime === null
            ? []
            : [
                { name: 'Response ended', value: exactTime(entry.timestamp + entry.elapsedTime) },
                { name: 'Elapsed', value: `${entry.elapsedTime.toFixed(3)} ms` },
              ]),
        ]}
      />
    </div>
  );
}
