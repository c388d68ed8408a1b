import type { ComponentType } from 'preact';
import { MessagesPage } from './messages/messages-page.js';

/** A page: its name, the paths that it has, and its code, which is loaded when it is first shown. */
export interface Route {
  readonly name: string;
  readonly paths: RegExp;
  readonly load: () => Promise<ComponentType>;
}

const MESSAGES: Route = {
  name: 'messages',
  paths: /^\/(messages)?$/,
  // The page that most people open is part of the first script: loaded by itself, it would take another round trip.
  load: async () => MessagesPage,
};

const ROUTES: readonly Route[] = [
  MESSAGES,
  {
    name: 'message',
    paths: /^\/messages\/[^/]+$/,
    load: async () => (await import('./message/message-page.js')).MessagePage,
  },
  {
    name: 'domains',
    paths: /^\/domains$/,
    load: async () => (await import('./domains/domains-page.js')).DomainsPage,
  },
  {
    name: 'domain',
    paths: /^\/domains\/[^/]+(\/[^/]+)?$/,
    load: async () => (await import('./domains/domain-page.js')).DomainPage,
  },
  {
    name: 'overview',
    paths: /^\/overview$/,
    load: async () => (await import('./overview/overview-page.js')).OverviewPage,
  },
  { name: 'tags', paths: /^\/tags$/, load: async () => (await import('./tags/tags-page.js')).TagsPage },
  { name: 'queue', paths: /^\/queue$/, load: async () => (await import('./queue/queue-page.js')).QueuePage },
  { name: 'nodes', paths: /^\/nodes$/, load: async () => (await import('./nodes/nodes-page.js')).NodesPage },
  {
    name: 'settings',
    paths: /^\/settings$/,
    load: async () => (await import('./settings/settings-page.js')).SettingsPage,
  },
];

const NOT_FOUND: Route = {
  name: 'not-found',
  paths: /^/,
  load: async () => (await import('./shell/not-found-page.js')).NotFoundPage,
};

/** Returns the page that has this path. */
export function routeOf(path: string): Route {
  return ROUTES.find(({ paths }) => paths.test(path)) ?? NOT_FOUND;
}
