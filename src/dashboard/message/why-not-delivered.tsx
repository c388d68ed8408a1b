import './why-not-delivered.css';
import type { VNode } from 'preact';
import type { MessageRecordBody } from '../../api/schemas/message.js';
import { Icon } from '../parts/icon.js';
import { serverFacts } from '../server/facts.js';
import { type Explanation, explain } from './explanation.js';

/** Recipients whose story is the same, as it is if one server refuses them all. */
interface Group {
  readonly addresses: string[];
  readonly explanation: Explanation;
  readonly final: boolean;
}

/** Groups that are shown; the side of the page has each recipient. */
const MOST_GROUPS = 4;

/** Answers the question that a person comes with if a message has not arrived. */
export function WhyNotDelivered({ message }: { readonly message: MessageRecordBody }): VNode | null {
  const groups = groupsOf(message, serverFacts.value?.delivers ?? null);
  if (groups.length === 0) return null;
  const several = message.recipients.length > 1;
  return (
    <section class="why" aria-label="Why it is not delivered">
      {groups.slice(0, MOST_GROUPS).map(({ addresses, explanation, final }) => (
        <div key={addresses[0]} class={final ? 'why-item why-final' : 'why-item'}>
          <Icon name="warning" />
          <div>
            <p>
              <b>Why is it not delivered{several ? ` to ${namesOf(addresses)}` : ''}?</b> {explanation.why}
              {explanation.meaning !== null && ` ${explanation.meaning}`}
            </p>
            {explanation.reply !== null && <p class="mono why-reply">{explanation.reply}</p>}
            <p>
              <b>What next?</b> {explanation.next}
            </p>
          </div>
        </div>
      ))}
    </section>
  );
}

function groupsOf(message: MessageRecordBody, delivers: boolean | null): Group[] {
  const groups = new Map<string, Group>();
  for (const recipient of message.recipients) {
    const explanation = explain(recipient, { ...message, delivers });
    if (explanation === null) continue;
    const key = JSON.stringify(explanation);
    const group = groups.get(key);
    if (group !== undefined) group.addresses.push(recipient.address);
    else {
      const final = recipient.status === 'bounced' || recipient.status === 'cancelled';
      groups.set(key, { addresses: [recipient.address], explanation, final });
    }
  }
  return [...groups.values()];
}

function namesOf(addresses: readonly string[]): string {
  const [first = ''] = addresses;
  return addresses.length === 1 ? first : `${first} and ${addresses.length - 1} more`;
}
