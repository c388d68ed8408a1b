import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { MessagePage } from '../../../api/schemas/messages.js';
import { request } from '../../api/request.js';
import { filterUrl } from '../../messages/filter.js';
import { go } from '../../router/location.js';
import type { Command } from './commands.js';

/** How long after a key messages are searched, in milliseconds. */
const SEARCH_AFTER = 150;
const MOST = 5;

/** Returns the newest messages that a text finds, as commands that open them, and the command that shows all. */
export function useFoundMessages(text: string): readonly Command[] {
  const found = useSignal<readonly Command[]>([]);
  const search = text.trim();
  useEffect(() => {
    if (search === '') return void (found.value = []);
    const controller = new AbortController();
    const timer = setTimeout(() => {
      newest(search, controller.signal).then(
        (commands) => {
          found.value = commands;
        },
        () => {
          // A search that cannot be read finds nothing; the page of messages says what is wrong with it.
          if (!controller.signal.aborted) found.value = [];
        },
      );
    }, SEARCH_AFTER);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [search]);
  if (search === '') return [];
  return [
    ...found.value,
    {
      id: 'search',
      words: '',
      title: `Search messages for “${search}”`,
      icon: 'search',
      group: 'Messages',
      keys: null,
      run: () => go(filterUrl({ search })),
    },
  ];
}

async function newest(search: string, signal: AbortSignal): Promise<readonly Command[]> {
  const query = { search, limit: MOST };
  const { messages } = await request<MessagePage>('GET', '/api/v1/messages', { query, signal });
  return messages.map(({ id, subject, to }) => ({
    id: `message ${id}`,
    words: '',
    title: `${subject ?? '(no subject)'} → ${to[0] ?? ''}`,
    icon: 'messages',
    group: 'Messages',
    keys: null,
    run: () => go(`/messages/${id}`),
  }));
}
