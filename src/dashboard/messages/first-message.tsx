import './first-message.css';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { CodeBlock } from '../parts/code-block.js';
import { loadServerFacts, serverFacts } from '../server/facts.js';
import { curlLine, type SmtpSettings, smtpSettings } from '../server/smtp-settings.js';
import { who } from '../session/session.js';

const ENCRYPTION: Readonly<Record<SmtpSettings['encryption'], string>> = {
  starttls: 'STARTTLS, or TLS from the start, on the same port',
  implicit: 'TLS from the start (SSL/TLS, SMTPS)',
  none: 'none: this port has no TLS',
};

/** What to do while there is no message at all: the settings of this server, and a line that sends one. */
export function FirstMessage(): VNode {
  useEffect(() => void loadServerFacts().catch(() => undefined), []);
  const { value: facts } = serverFacts;
  const settings = facts === null ? null : smtpSettings(facts, location.hostname);
  const domain = who.value?.domain ?? 'example.com';
  return (
    <section class="first-message">
      <h2>No message has come in yet</h2>
      <p class="soft">
        Messages appear here by themselves as your app sends them. Point its SMTP settings here:
      </p>
      {settings !== null && (
        <>
          <dl class="settings">
            <dt>Host</dt>
            <dd class="mono">{settings.host}</dd>
            <dt>Port</dt>
            <dd class="mono">{settings.port}</dd>
            <dt>User and password</dt>
            <dd>
              the API token of the domain <b>{domain}</b>, for both
            </dd>
            <dt>Encryption</dt>
            <dd>{ENCRYPTION[settings.encryption]}</dd>
          </dl>
          <p>
            Or paste this into a terminal, with the token in place of <code>YOUR_TOKEN</code>. The first start
            of the server printed the token, or left it in the file <code>first-token</code> of the data
            folder.
          </p>
          <CodeBlock what="the curl command" code={curlLine(settings, domain, 'YOUR_TOKEN')} />
        </>
      )}
    </section>
  );
}
