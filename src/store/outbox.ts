/** Which events for webhooks follow from a settlement, in the same way on every adapter. Pure. */
import type { Attempt } from './queue.js';
import type { EventName } from './webhooks.js';

/** One event of one or more recipients of a message. */
export interface NewEvent {
  readonly name: EventName | 'email.cancelled';
  readonly positions: readonly number[];
  readonly attempt: Attempt;
}

/** Returns events for recipients with a new status: those with the same result share one event. */
export function eventsOf(
  changes: readonly { readonly position: number; readonly attempt: Attempt }[],
): NewEvent[] {
  const events = new Map<string, { attempt: Attempt; positions: number[] }>();
  for (const { position, attempt } of changes) {
    const { at, outcome, remoteHost, reply, tls } = attempt;
    const result = { at, outcome, remoteHost, reply, tls };
    const key = JSON.stringify(result);
    const event = events.get(key);
    if (event === undefined) events.set(key, { attempt: result, positions: [position] });
    else event.positions.push(position);
  }
  return [...events.values()].map(({ attempt, positions }) => ({
    name: `email.${attempt.outcome}` as const,
    positions,
    attempt,
  }));
}
