import type { VNode } from 'preact';
import type { DomainPage } from '../../api/schemas/domains.js';
import { request } from '../api/request.js';
import { useResource } from '../parts/resource.js';
import { who } from '../session/session.js';

interface DomainChoiceProps {
  /** Empty: all domains. */
  readonly domain: string;
  readonly onChange: (domain: string) => void;
}

/** Chooses one domain or all. A domain that is signed in has no choice. */
export function DomainChoice({ domain, onChange }: DomainChoiceProps): VNode | null {
  const administrator = who.value?.kind === 'administrator';
  const domains = useResource(administrator ? 'domains' : null, (signal) =>
    request<DomainPage>('GET', '/api/v1/domains', { query: { limit: 200 }, signal }),
  );
  const names = domains.value?.domains.map(({ name }) => name) ?? [];
  if (names.length < 2 && domain === '') return null;
  return (
    <select
      class="input input-small"
      aria-label="Domain"
      value={domain}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      <option value="">All domains</option>
      {(domain === '' || names.includes(domain) ? names : [domain, ...names]).map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}
