/** Reads the token out of what somebody pastes, and makes the address that hands it to the server. */

/** The token of a link, or the text itself; empty when there is neither. */
export function tokenIn(pasted: string): string {
  const text = pasted.trim();
  const inLink = /[?&]token=([^&#\s]*)/.exec(text)?.[1];
  if (inLink !== undefined) {
    try {
      return decodeURIComponent(inLink);
    } catch {
      return inLink;
    }
  }
  const word = text.replace(/^["'<]+|[">']+$/g, '');
  // A link without a token, or a sentence.
  return /\s|:\/\//.test(word) ? '' : word;
}

/** The same address with the token: the server keeps it in a cookie and leads back without it. */
export function withToken(address: string, token: string): string {
  const url = new URL(address);
  url.searchParams.set('token', token);
  return url.pathname + url.search;
}
