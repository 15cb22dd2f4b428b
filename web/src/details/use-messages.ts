/** The messages of a call, kept up to date while it goes on. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { api } from '../data/api.ts';
import { EntryList } from '../data/entry-list.ts';
import { LiveLink } from '../data/live-link.ts';
import { messagesOf } from '../data/messages.ts';

/** Messages listed in the details; the list of the page takes any number. */
export const mostMessages = 5_000;
const pageSize = 1_000;
/** A choice that moves on within this time was only passed by, ms. */
const settleAfter = 150;

/** How many messages a call has; undefined until it is known. They are stored behind it. */
export function useMessageCount(row: EntryRow | undefined): number | undefined {
  const id = row?.parent === '' ? row.id : '';
  const [settled, setSettled] = useState('');
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(id), settleAfter);
    return () => window.clearTimeout(timer);
  }, [id]);
  const { data } = useQuery({
    queryKey: ['messages', id, row?.outcome],
    queryFn: ({ signal }) => api.count(messagesOf(id), signal),
    enabled: id !== '' && settled === id,
    staleTime: 2_000,
    refetchInterval: row?.outcome === 'pending' ? 2_000 : false,
  });
  return data?.count;
}

export interface Messages {
  readonly rows: readonly EntryRow[];
  /** There are more than are listed here. */
  readonly isMore: boolean;
  readonly isLoaded: boolean;
}

const nothing: Messages = { rows: [], isMore: false, isLoaded: false };

/** Oldest first. Later ones arrive as they are seen. */
export function useMessages(call: string): Messages {
  const [messages, setMessages] = useState(nothing);
  useEffect(() => {
    const list = new EntryList(mostMessages);
    list.startReached = true;
    let isMore = false;
    let isOver = false;
    let isLoaded = false;
    const filter = messagesOf(call);
    const tell = () => {
      if (list.rows.length > mostMessages) list.rows.length = mostMessages;
      if (!isOver) setMessages({ rows: [...list.rows], isMore, isLoaded });
    };
    const read = async () => {
      let after = list.lastId ?? call;
      while (!isOver && list.rows.length < mostMessages) {
        const page = await api.entries({ filter, limit: pageSize, after });
        list.merge(page.entries, true);
        after = page.entries.at(-1)?.id ?? after;
        if (page.end || page.entries.length === 0) break;
      }
      isMore = list.rows.length >= mostMessages;
      isLoaded = true;
      tell();
    };
    const link = new LiveLink({
      // What comes while the stored ones are read is merged by id: nothing twice, nothing left out.
      opened: () => void read().catch(() => undefined),
      message: (message) => {
        if (message.type !== 'entries') return;
        if (list.rows.length >= mostMessages) isMore = true;
        else list.merge(message.entries);
        tell();
      },
    });
    link.follow(filter);
    return () => {
      isOver = true;
      link.close();
    };
  }, [call]);
  return messages;
}
