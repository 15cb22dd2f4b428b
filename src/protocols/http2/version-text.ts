/** Number of the row → `2.0`. */
export function http2VersionText(version: number): string {
  return `${Math.floor(version / 10)}.${version % 10}`;
}
