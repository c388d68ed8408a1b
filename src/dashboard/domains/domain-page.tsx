import './domain-page.css';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { DomainEntry } from '../../api/schemas/domains.js';
import { Refusal } from '../api/refusal.js';
import { request } from '../api/request.js';
import { filterUrl } from '../messages/filter.js';
import { Icon } from '../parts/icon.js';
import { Loaded } from '../parts/loaded.js';
import { type Resource, useResource } from '../parts/resource.js';
import { path } from '../router/location.js';
import { who } from '../session/session.js';
import { useTitle } from '../shell/title.js';
import { BlockListSection } from './block-list-section.js';
import { DnsSection } from './dns-section.js';
import { domainPath, domainUrl, type SectionName } from './domain-api.js';
import { RemoveDomain } from './remove-domain.js';
import { RetentionSection } from './retention-section.js';
import { TokensSection } from './tokens-section.js';
import { WebhookSection } from './webhook-section.js';

const SECTIONS: readonly (readonly [section: SectionName, title: string])[] = [
  ['tokens', 'API Tokens'],
  ['dns', 'DNS records'],
  ['block-list', 'Block list'],
  ['webhook', 'Webhook'],
  ['retention', 'Retention'],
];

/** All about one domain, in sections. */
export function DomainPage(): VNode {
  const [, , encoded = '', asked = 'tokens'] = path.value.split('/');
  const name = decoded(encoded);
  useTitle(name);
  const domain = useResource(name, (signal) => request<DomainEntry>('GET', domainPath(name), { signal }));
  const removing = useSignal(false);
  const administrator = who.value?.kind === 'administrator';
  if (domain.problem instanceof Refusal && domain.problem.status === 404) {
    return (
      <div class="page">
        <h1>There is no domain {name}</h1>
        <p>
          <a href="/domains">Show all domains</a>
        </p>
      </div>
    );
  }
  return (
    <div class="page">
      <header class="page-head domain-head">
        <h1>{name}</h1>
        <a class="button" href={filterUrl({ domain: [name] })}>
          <Icon name="messages" />
          Its messages
        </a>
        {administrator && (
          <button type="button" class="button button-bad" onClick={() => (removing.value = true)}>
            <Icon name="trash" />
            Remove
          </button>
        )}
      </header>
      <nav class="sections" aria-label="Sections of the domain">
        {SECTIONS.map(([section, title]) => (
          <a
            key={section}
            href={domainUrl(name, section)}
            aria-current={section === asked ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <Loaded from={domain}>{(entry) => sectionOf(asked, entry, domain)}</Loaded>
      {removing.value && <RemoveDomain name={name} onClose={() => (removing.value = false)} />}
    </div>
  );
}

function sectionOf(section: string, entry: DomainEntry, domain: Resource<DomainEntry>): VNode {
  switch (section) {
    case 'dns':
      return <DnsSection name={entry.name} />;
    case 'block-list':
      return <BlockListSection name={entry.name} />;
    case 'webhook':
      return <WebhookSection name={entry.name} />;
    case 'retention':
      return <RetentionSection domain={entry} onChange={() => void domain.reload()} />;
    default:
      return <TokensSection domain={entry} onChange={() => void domain.reload()} />;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
