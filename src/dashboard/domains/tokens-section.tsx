import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { DomainEntry } from '../../api/schemas/domains.js';
import { CodeBlock } from '../parts/code-block.js';
import { Icon } from '../parts/icon.js';
import { distance, fullTime } from '../parts/time.js';
import { loadServerFacts, serverFacts } from '../server/facts.js';
import { smtpSettings } from '../server/smtp-settings.js';
import { NewToken } from './new-token.js';
import { newTokens } from './new-tokens.js';
import { SmtpSettingsCard } from './smtp-settings-card.js';
import { Snippets } from './snippets.js';

interface TokensSectionProps {
  readonly domain: DomainEntry;
  readonly onChange: () => void;
}

/** The API token of a domain, and how apps use it. */
export function TokensSection({ domain, onChange }: TokensSectionProps): VNode {
  const making = useSignal(false);
  useEffect(() => void loadServerFacts().catch(() => undefined), []);
  const { value: facts } = serverFacts;
  const settings = facts === null ? null : smtpSettings(facts, location.hostname);
  const token = newTokens.value.get(domain.name) ?? null;
  return (
    <div class="section">
      <div class="section-head">
        <h2>API token</h2>
        <button type="button" class="button" onClick={() => (making.value = true)}>
          <Icon name="key" />
          Create a new token
        </button>
      </div>
      {token !== null && (
        <div class="card">
          <p>
            <b>This is the new token. It is not shown again:</b> copy it before you leave this page. The
            settings below have it filled in.
          </p>
          <CodeBlock code={token} what="the token" />
        </div>
      )}
      <TokenList domain={domain} />
      {settings === null ? (
        facts !== null && <p class="soft">The server has no port for SMTP. Apps can send by the HTTP API.</p>
      ) : (
        <>
          <h2>SMTP settings</h2>
          <SmtpSettingsCard settings={settings} token={token} />
          <h2>Put it into your app</h2>
          <Snippets settings={settings} domain={domain.name} token={token} />
        </>
      )}
      {making.value && (
        <NewToken name={domain.name} onMade={onChange} onClose={() => (making.value = false)} />
      )}
    </div>
  );
}

function TokenList({ domain: { tokens } }: { readonly domain: DomainEntry }): VNode {
  return (
    <ul class="card tokens">
      {tokens.map(({ createdAt, lastUsedAt, expiresAt }, index) => (
        <li key={index} class="row">
          <span>
            <Icon name="key" /> {expiresAt === null ? 'Token in use' : 'Earlier token'}
          </span>
          {createdAt !== null && (
            <span class="soft" title={fullTime(createdAt)}>
              created {distance(createdAt)}
            </span>
          )}
          <span class="soft">{lastUsedAt === null ? 'never used' : `last used ${distance(lastUsedAt)}`}</span>
          {expiresAt !== null && (
            <span class="soft" title={fullTime(expiresAt)}>
              works until {fullTime(expiresAt)}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
