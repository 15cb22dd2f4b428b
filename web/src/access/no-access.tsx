/** The page without its token: where the token is found, and a place to paste it. */
import { type FormEvent, useState } from 'react';
import { api } from '../data/api.ts';
import { tokenIn, withToken } from './token.ts';
import './access.css';

const wrong = 'This is not the token of the Mizu that runs here: it changes with every start.';
const silent = 'Mizu does not answer. Is it still running, and the port still forwarded?';

export function NoAccess() {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  const [asking, setAsking] = useState(false);
  const token = tokenIn(text);

  const open = async (event: FormEvent) => {
    event.preventDefault();
    if (token === '' || asking) return;
    setAsking(true);
    try {
      // Asked first: the server answers an address with a wrong token by a page without this form.
      if (await api.isToken(token)) location.assign(withToken(location.href, token));
      else setProblem(wrong);
    } catch {
      setProblem(silent);
    }
    setAsking(false);
  };

  return (
    <main className="placed whole">
      <form className="message access" onSubmit={(event) => void open(event)}>
        <h1>This page needs its token</h1>
        <p>
          Mizu prints a link with the token when it starts. Open that link, or paste the link or its
          token here. A cookie of this browser then keeps it.
        </p>
        <label className="access-label">
          Token
          <span className="access-line">
            <input
              className="field mono"
              value={text}
              spellCheck={false}
              autoComplete="off"
              autoCapitalize="off"
              // biome-ignore lint/a11y/noAutofocus: there is nothing else on this page
              autoFocus
              aria-invalid={problem !== ''}
              aria-describedby="access-problem"
              onChange={(event) => {
                setText(event.target.value);
                setProblem('');
              }}
            />
            <button type="submit" className="button primary" disabled={token === '' || asking}>
              Open
            </button>
          </span>
        </label>
        <p id="access-problem" className="access-problem red" role="alert">
          {problem}
        </p>
        <table>
          <caption className="hidden-text">Where the token is found</caption>
          <tbody>
            <tr>
              <td className="dim">in the terminal of mizu tap</td>
              <td>
                <code>Mizu is available at {location.origin}/?token=…</code>
              </td>
            </tr>
            <tr>
              <td className="dim">of an installed Mizu</td>
              <td>
                <code>mizu view --token</code>
              </td>
            </tr>
            <tr>
              <td className="dim">to choose it yourself</td>
              <td>
                <code>MIZU_TOKEN</code>, when Mizu starts
              </td>
            </tr>
          </tbody>
        </table>
      </form>
    </main>
  );
}
