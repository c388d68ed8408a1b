import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import type { MessageRecordBody } from '../../api/schemas/message.js';
import type { Resent } from '../../api/schemas/operations.js';
import { problemOf } from '../api/refusal.js';
import { request } from '../api/request.js';
import { lastList } from '../messages/current-list.js';
import { type Operation, OPERATIONS } from '../messages/operations.js';
import { change } from '../messages/pending.js';
import { Icon, type IconName } from '../parts/icon.js';
import { toast } from '../parts/toasts.js';
import { go } from '../router/location.js';
import { type KeyMap, useKeys } from '../shell/keys.js';
import type { MessageData } from './message-data.js';

type RecipientStatus = MessageRecordBody['recipients'][number]['status'];

/** For each operation: the states of a recipient that it can change. Delete needs all to be final. */
const FOR: Readonly<Record<Exclude<Operation, 'delete'>, readonly RecipientStatus[]>> = {
  retry: ['deferred', 'queued'],
  release: ['held'],
  cancel: ['queued', 'deferred', 'held'],
};
const ICONS: Readonly<Record<Operation, IconName>> = {
  retry: 'retry',
  release: 'send',
  cancel: 'stop',
  delete: 'trash',
};

/** The actions that make sense for a message in its state. */
export function MessageActions(props: {
  readonly data: MessageData;
  readonly message: MessageRecordBody;
}): VNode {
  const { data, message } = props;
  const { id, contentRemoved } = message;
  const resending = useSignal(false);
  const keys = useMemo(() => keysOf(operationsFor(message), run), [message]);
  useKeys('Message', keys);
  return (
    <span class="message-actions">
      {operationsFor(message).map((operation) => (
        <button key={operation} type="button" class="button" onClick={() => run(operation)}>
          <Icon name={ICONS[operation]} />
          {OPERATIONS[operation].name}
        </button>
      ))}
      {!contentRemoved && (
        <>
          <button type="button" class="button" disabled={resending.value} onClick={() => void resend()}>
            <Icon name="send" />
            Resend
          </button>
          <a class="button" href={`/api/v1/messages/${id}/raw`} download={`${id}.eml`}>
            <Icon name="download" />
            Download
          </a>
        </>
      )}
    </span>
  );

  function run(operation: Operation): void {
    change({
      operation,
      selection: { ids: [id] },
      count: 1,
      after: () => {
        if (operation !== 'delete') return void data.load();
        lastList.peek()?.list.remove(new Set([id]));
        go(lastList.peek()?.url ?? '/messages');
      },
    });
  }

  async function resend(): Promise<void> {
    resending.value = true;
    try {
      const copy = await request<Resent>('POST', `/api/v1/messages/${id}/resend`);
      toast({ text: 'A copy was sent: this is it' });
      go(`/messages/${copy.id}`);
    } catch (error) {
      toast({ text: problemOf(error), bad: true });
    } finally {
      resending.value = false;
    }
  }
}

function keysOf(operations: readonly Operation[], run: (operation: Operation) => void): KeyMap {
  return Object.fromEntries(
    operations.flatMap((operation) => {
      const { key, name } = OPERATIONS[operation];
      return key === null ? [] : [[key, { label: name, run: () => run(operation) }]];
    }),
  );
}

function operationsFor({ recipients }: MessageRecordBody): Operation[] {
  const states = new Set(recipients.map(({ status }) => status));
  const possible = (['retry', 'release', 'cancel'] as const).filter((operation) =>
    FOR[operation].some((status) => states.has(status)),
  );
  return possible.length > 0 ? possible : ['delete'];
}
