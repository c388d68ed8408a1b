import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { DomainEntry, DomainPage } from '../../api/schemas/domains.js';
import { request } from '../api/request.js';
import { filterUrl } from '../messages/filter.js';
import { Icon } from '../parts/icon.js';
import { Loaded } from '../parts/loaded.js';
import { useResource } from '../parts/resource.js';
import { countText, sizeText } from '../parts/sizes.js';
import { distance } from '../parts/time.js';
import { go, query } from '../router/location.js';
import { who } from '../session/session.js';
import { useTitle } from '../shell/title.js';
import { AddDomain } from './add-domain.js';
import { domainUrl } from './domain-api.js';

/** The sending domains. A domain that is signed in sees itself at once. */
export function DomainsPage(): VNode | null {
  useTitle('Domains');
  const own = who.value?.domain ?? null;
  const contains = useSignal('');
  const adding = new URLSearchParams(query.value).has('add');
  useEffect(() => {
    if (own !== null) go(domainUrl(own), { replace: true });
  }, [own]);
  const domains = useResource(own === null ? contains.value : null, (signal) =>
    request<DomainPage>('GET', '/api/v1/domains', {
      query: { contains: contains.value.trim() || undefined, limit: 200 },
      signal,
    }),
  );
  if (own !== null) return null;
  return (
    <div class="page">
      <header class="page-head">
        <h1>Domains</h1>
        <button type="button" class="button button-main" onClick={() => go('/domains?add=1')}>
          <Icon name="plus" />
          Add a domain
        </button>
      </header>
      <input
        class="input input-search"
        type="search"
        aria-label="Find a domain"
        placeholder="Find a domain"
        value={contains.value}
        onInput={(event) => (contains.value = event.currentTarget.value)}
      />
      <Loaded from={domains}>
        {({ domains: found, next }) => (
          <>
            <DomainTable domains={found} />
            {next !== null && <p class="soft">There are more: type a part of the name.</p>}
          </>
        )}
      </Loaded>
      {adding && <AddDomain onClose={() => go('/domains', { replace: true })} />}
    </div>
  );
}

function DomainTable({ domains }: { readonly domains: readonly DomainEntry[] }): VNode {
  if (domains.length === 0) {
    return <p class="soft">No domain. An app can send when its domain is here and it has the API token.</p>;
  }
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Domain</th>
          <th scope="col" class="number">
            Messages
          </th>
          <th scope="col" class="number">
            Waiting
          </th>
          <th scope="col" class="number">
            Held
          </th>
          <th scope="col" class="number">
            Bounced
          </th>
          <th scope="col" class="number wide">
            Content
          </th>
          <th scope="col" class="wide">
            Token last used
          </th>
        </tr>
      </thead>
      <tbody>
        {domains.map((domain) => (
          <DomainRow key={domain.name} domain={domain} />
        ))}
      </tbody>
    </table>
  );
}

function DomainRow({ domain }: { readonly domain: DomainEntry }): VNode {
  const { name, messages, contentOctets, tokens } = domain;
  const all = Object.values(messages).reduce((sum, count) => sum + count, 0);
  const waiting = messages.queued + messages.deferred;
  const used = tokens[0]?.lastUsedAt ?? null;
  return (
    <tr>
      <th scope="row">
        <a href={domainUrl(name)}>{name}</a>
      </th>
      <td class="number">
        <a href={filterUrl({ domain: [name] })}>{countText(all)}</a>
      </td>
      <td class="number">
        <a href={filterUrl({ domain: [name], status: ['queued', 'deferred'] })}>{countText(waiting)}</a>
      </td>
      <td class="number">
        <a href={filterUrl({ domain: [name], status: ['held'] })}>{countText(messages.held)}</a>
      </td>
      <td class="number">
        <a href={filterUrl({ domain: [name], status: ['bounced'] })}>{countText(messages.bounced)}</a>
      </td>
      <td class="number wide">{sizeText(contentOctets)}</td>
      <td class="wide">{used === null ? <span class="soft">never</span> : distance(used)}</td>
    </tr>
  );
}
