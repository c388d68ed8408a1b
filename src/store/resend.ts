/** Sends a stored message again as a new one, in the same way on every adapter. */
import type { NewTry } from './mail.js';
import type { MessageId } from './message.js';
import type { Store } from './port.js';
import type { Scope } from './scope.js';

/**
 * Stores a copy of a message, with its content octet for octet, and returns the id of the copy. Terms that name a time
 * (release, deliver by) are not copied, since it may have passed.
 *
 * Resolves to null if the scope does not have the message, or if its content has been removed.
 *
 * @throws StoreError as {@link Draft.commit} does; nothing of the copy is stored then
 */
export async function resendMessage(
  store: Pick<Store, 'open' | 'mail'>,
  scope: Scope,
  id: MessageId,
  newTry: NewTry,
): Promise<MessageId | null> {
  const message = await store.mail.message(scope, id);
  if (message === null || message.contentRemoved) return null;
  const { domainId, reversePath, from, subject, tags, listUnsubscribe, messageId, needs } = message;
  const draft = store.open();
  try {
    let size = 0;
    for await (const octets of store.mail.content(scope, id)) {
      size += octets.length;
      await draft.write(octets);
    }
    // The content was removed meanwhile.
    if (size !== message.size) return null;
    await draft.commit({
      ...{ domainId, reversePath, from, subject, tags, listUnsubscribe, messageId, needs },
      recipients: newTry.recipients ?? message.recipients,
      receivedAt: newTry.receivedAt,
      status: newTry.status,
      clientAddress: newTry.clientAddress,
      tls: newTry.tls,
      origin: newTry.origin,
      terms: { ...message.terms, releaseAt: null, deliverBy: null },
    });
    return draft.id;
  } finally {
    draft.discard();
  }
}
