import './first-message.css';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { DomainPage } from '../../api/schemas/domains.js';
import { request } from '../api/request.js';
import { domainUrl } from '../domains/domain-api.js';
import { newTokens } from '../domains/new-tokens.js';
import { CodeBlock } from '../parts/code-block.js';
import { useResource } from '../parts/resource.js';
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
  const own = who.value?.domain ?? null;
  const domains = useResource(own === null ? 'domains' : null, (signal) =>
    request<DomainPage>('GET', '/api/v1/domains', { query: { limit: 1 }, signal }),
  );
  const { value: facts } = serverFacts;
  const settings = facts === null ? null : smtpSettings(facts, location.hostname);
  const domain = own ?? domains.value?.domains[0]?.name ?? null;
  return (
    <section class="first-message">
      <h2>No message has come in yet</h2>
      {domain === null && domains.value !== null && (
        <p>
          An app sends from a domain. <a href="/domains?add=1">Add a domain</a> first: you get its API token.
        </p>
      )}
      {domain !== null && settings !== null && <HowToSend settings={settings} domain={domain} />}
    </section>
  );
}

interface HowToSendProps {
  readonly settings: SmtpSettings;
  readonly domain: string;
}

function HowToSend({ settings, domain }: HowToSendProps): VNode {
  const token = newTokens.value.get(domain) ?? null;
  return (
    <>
      <p class="soft">
        Messages appear here by themselves as your app sends them. Point its SMTP settings here:
      </p>
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
        <a href={domainUrl(domain)}>Settings for Laravel, Rails, Django, nodemailer and others</a>
      </p>
      <p>
        Or paste this into a terminal
        {token === null && (
          <>
            , with the token in place of <code>YOUR_TOKEN</code>. The first start of the server printed the
            token, or left it in the file <code>first-token</code> of the data folder. If you do not have it,{' '}
            <a href={domainUrl(domain)}>create a new token</a>
          </>
        )}
        .
      </p>
      <CodeBlock what="the curl command" code={curlLine(settings, domain, token ?? 'YOUR_TOKEN')} />
    </>
  );
}
