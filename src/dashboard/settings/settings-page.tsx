import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { sizeText } from '../parts/sizes.js';
import { loadServerFacts, serverFacts } from '../server/facts.js';
import { who } from '../session/session.js';
import { ThemeSwitch } from '../shell/theme-switch.js';
import { useTitle } from '../shell/title.js';
import { PasswordForm } from './password-form.js';
import { ServerState } from './server-state.js';
import { Sessions } from './sessions.js';

/** Who is signed in where, colours, and what runs here. */
export function SettingsPage(): VNode {
  useTitle('Settings');
  useEffect(() => void loadServerFacts().catch(() => undefined), []);
  const { value: facts } = serverFacts;
  // A change of the password ends sessions: the list is read anew.
  const round = useSignal(0);
  const administrator = who.value?.kind === 'administrator';
  return (
    <div class="page">
      <header class="page-head">
        <h1>Settings</h1>
      </header>
      <section class="section">
        <h2>Sessions</h2>
        <Sessions key={round.value} />
      </section>
      {administrator && (
        <section class="section narrow">
          <h2>Password</h2>
          <PasswordForm onChanged={() => (round.value += 1)} />
        </section>
      )}
      <section class="section narrow">
        <h2>Colours</h2>
        <div>
          <ThemeSwitch />
        </div>
      </section>
      {facts !== null && (
        <section class="section narrow">
          <h2>Server</h2>
          <dl class="details">
            <dt>Version</dt>
            <dd>{facts.version}</dd>
            <dt>Name</dt>
            <dd>{facts.hostname}</dd>
            <dt>Ports</dt>
            <dd>
              {facts.listeners.map(({ protocol, address, port, tls }) => (
                <div key={`${address} ${port}`}>
                  <span class="mono">
                    {protocol}://{address.includes(':') ? `[${address}]` : address}:{port}
                  </span>{' '}
                  <span class="soft">TLS {tls}</span>
                </div>
              ))}
            </dd>
            <dt>Certificate</dt>
            <dd>{facts.certificate === 'self-signed' ? 'self-signed, for development' : 'configured'}</dd>
            <dt>Delivery</dt>
            <dd>{facts.delivers ? 'by the configured routes' : 'none: all mail is held (--deliver URL)'}</dd>
            <dt>Largest message</dt>
            <dd>{sizeText(facts.maxMessageSize)}</dd>
            <dt>Recipients of a message</dt>
            <dd>{facts.maxRecipients}</dd>
            <dt>API reference</dt>
            <dd>
              <a href="/api/openapi.json" target="_blank" rel="noopener">
                /api/openapi.json
              </a>
            </dd>
          </dl>
        </section>
      )}
      {administrator && <ServerState />}
    </div>
  );
}
