import './details.css';
import type { VNode } from 'preact';
import type { MessageRecordBody } from '../../api/schemas/message.js';
import { SafeLink } from '../parts/safe-link.js';
import { sizeText } from '../parts/sizes.js';
import { fullTime } from '../parts/time.js';

const WAYS: Readonly<Record<MessageRecordBody['origin']['way'], string>> = {
  smtp: 'SMTP',
  api: 'the HTTP API',
  report: 'Postern itself: a notification to the sender',
};

/** Where a message came in, and what is known of it beside its content. */
export function Details({ message }: { readonly message: MessageRecordBody }): VNode {
  const { id, domain, sender, messageId, receivedAt, clientAddress, origin, tls, size, terms } = message;
  return (
    <section>
      <h2>Details</h2>
      <dl class="details">
        <Row name="Id" value={String(id)} mono />
        <Row name="Domain" value={domain} />
        <Row name="Envelope sender" value={sender === '' ? 'none (<>)' : sender} />
        <Row name="Message-ID" value={messageId} mono />
        <Row name="Size" value={sizeText(size)} />
        <Row name="Accepted" value={fullTime(receivedAt)} />
        <Row name="By" value={WAYS[origin.way]} />
        <Row name="Client" value={clientAddress} mono />
        <Row name={origin.way === 'api' ? 'User agent' : 'Hello'} value={origin.hello} mono />
        <Row name="Listener" value={origin.listener} mono />
        {origin.way !== 'report' && <Row name="TLS" value={tls ?? 'none: it came unencrypted'} />}
        <Row name="Priority" value={terms.priority === 0 ? null : String(terms.priority)} />
        <Row name="Not before" value={terms.releaseAt === null ? null : fullTime(terms.releaseAt)} />
        <Row name="Deliver by" value={terms.deliverBy === null ? null : fullTime(terms.deliverBy)} />
        <Row name="Envelope id" value={terms.envelopeId} mono />
        <Row name="Needs TLS" value={terms.requireTls ? 'at every server on its way' : null} />
      </dl>
      <Unsubscribe field={message.listUnsubscribe} />
    </section>
  );
}

function Row(props: {
  readonly name: string;
  readonly value: string | null;
  readonly mono?: boolean;
}): VNode | null {
  const { name, value, mono } = props;
  if (value === null || value === '') return null;
  return (
    <>
      <dt>{name}</dt>
      <dd class={mono === true ? 'mono' : undefined}>{value}</dd>
    </>
  );
}

/** The link that mail programs show beside the sender. */
function Unsubscribe({ field }: { readonly field: string | null }): VNode | null {
  if (field === null) return null;
  const urls = Array.from(field.matchAll(/<([^<>]*)>/g), ([, url = '']) => url.trim());
  return (
    <div class="unsubscribe">
      <h3>Unsubscribe</h3>
      <p class="soft small">Mail programs offer this to the receiver:</p>
      <ul>
        {urls.map((url) => (
          <li key={url}>
            <SafeLink url={url}>{url}</SafeLink>
          </li>
        ))}
      </ul>
    </div>
  );
}
