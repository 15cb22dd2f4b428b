/** Number of a row of HTTP → `1.1`, `2.0`. */
export function httpVersionText(version: number): string {
  return `${Math.floor(version / 10)}.${version % 10}`;
}
