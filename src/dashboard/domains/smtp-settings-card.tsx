import './smtp-settings-card.css';
import type { VNode } from 'preact';
import { CopyButton } from '../parts/copy-button.js';
import type { SmtpSettings } from '../server/smtp-settings.js';

const ENCRYPTION: Readonly<Record<SmtpSettings['encryption'], string>> = {
  starttls: 'STARTTLS, or SSL/TLS: both on this port',
  implicit: 'SSL/TLS (from the first octet)',
  none: 'none',
};

interface SmtpSettingsCardProps {
  readonly settings: SmtpSettings;
  /** Null if no one knows it any more. */
  readonly token: string | null;
}

/** The five values that every app asks for. */
export function SmtpSettingsCard({ settings, token }: SmtpSettingsCardProps): VNode {
  const { host, port, encryption, selfSigned } = settings;
  return (
    <div class="card">
      <dl class="smtp-settings">
        <Row name="Host" value={host} />
        <Row name="Port" value={String(port)} />
        <Row name="User" value={token} />
        <Row name="Password" value={token} />
        <dt>Encryption</dt>
        <dd>{ENCRYPTION[encryption]}</dd>
      </dl>
      {selfSigned && (
        <p class="soft small">
          The server has a self-signed certificate: apps must trust the file <code>tls/self-signed.crt</code>{' '}
          of its data folder, or skip the check while you develop, as the examples below do.
        </p>
      )}
    </div>
  );
}

function Row({ name, value }: { readonly name: string; readonly value: string | null }): VNode {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {value === null ? (
          <span class="soft">the API token of this domain</span>
        ) : (
          <>
            <span class="mono">{value}</span>
            <CopyButton text={value} what={`the ${name.toLowerCase()}`} />
          </>
        )}
      </dd>
    </>
  );
}
