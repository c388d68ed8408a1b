import type { WhoAmI } from '../../api/schemas/session.js';
import type { IconName } from '../parts/icon.js';

interface Place {
  readonly name: string;
  readonly href: string;
  readonly icon: IconName;
  /** The key that goes there, after `g`. */
  readonly key: string;
  /** Matches the paths of the pages that belong to it. */
  readonly paths: RegExp;
}

/** Returns the places of the navigation, for the one who is signed in. */
export function placesFor({ domain }: WhoAmI): readonly Place[] {
  return [
    { name: 'Messages', href: '/messages', icon: 'messages', key: 'm', paths: /^\/(messages(\/.*)?)?$/ },
    { name: 'Overview', href: '/overview', icon: 'overview', key: 'o', paths: /^\/overview$/ },
    { name: 'Tags', href: '/tags', icon: 'tags', key: 't', paths: /^\/tags$/ },
    { name: 'Queue', href: '/queue', icon: 'queue', key: 'q', paths: /^\/queue$/ },
    {
      name: domain === null ? 'Domains' : 'API Tokens',
      href: domain === null ? '/domains' : `/domains/${domain}/tokens`,
      icon: domain === null ? 'domains' : 'key',
      key: 'd',
      paths: /^\/domains(\/.*)?$/,
    },
    ...(domain === null
      ? [{ name: 'Nodes', href: '/nodes', icon: 'nodes', key: 'n', paths: /^\/nodes$/ } as const]
      : []),
    { name: 'Settings', href: '/settings', icon: 'settings', key: 's', paths: /^\/settings$/ },
  ];
}
