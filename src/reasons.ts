/** Reasons in words, with how often each was the one. */
export type Reasons = Readonly<Record<string, number>>;

export function addReasons(one: Reasons, other: Reasons): Record<string, number> {
  const sum = { ...one };
  for (const [reason, count] of Object.entries(other)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}
