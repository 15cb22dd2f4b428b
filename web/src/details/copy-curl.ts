/** Copies the chosen entry as a curl command. */
import { api, RequestFailed } from '../data/api.ts';
import { copyText, say } from '../data/page-state.ts';
import { protocolOf } from '../data/protocol-of.ts';
import { queryClient } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { curlCommand } from './curl.ts';

export async function copyCurl(): Promise<void> {
  const id = session.view.get().chosen;
  if (id === '') {
    say('Choose an entry first');
    return;
  }
  try {
    const details = await queryClient.fetchQuery({
      queryKey: ['entry', id, session.list.get(id)?.outcome ?? ''],
      queryFn: () => api.entry(id),
    });
    const { entry } = details;
    const canCopy = protocolOf(entry)?.curl === true && entry.parent === '';
    if (!canCopy || entry.request === undefined) {
      say('This is no request that curl could send');
      return;
    }
    await copyText(curlCommand(entry), 'Copied as curl');
  } catch (error) {
    if (error instanceof RequestFailed) say(error.message);
    else throw error;
  }
}
