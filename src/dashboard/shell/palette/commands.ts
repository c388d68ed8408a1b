import type { WhoAmI } from '../../../api/schemas/session.js';
import { filterUrl } from '../../messages/filter.js';
import type { IconName } from '../../parts/icon.js';
import { go } from '../../router/location.js';
import { signOut } from '../../session/session.js';
import type { KeyLayer } from '../keys.js';
import { placesFor } from '../navigation.js';
import { theme, type Theme } from '../theme.js';

/** A thing that the palette can do. */
export interface Command {
  /** Names it among all commands. */
  readonly id: string;
  readonly title: string;
  /** Further words that find it. */
  readonly words: string;
  readonly icon: IconName;
  /** The heading that it stands under. */
  readonly group: string;
  /** The keys that do the same, as in a map of keys; null if no key does it. */
  readonly keys: string | null;
  readonly run: () => void;
}

const THEMES: readonly (readonly [theme: Theme, title: string, icon: IconName])[] = [
  ['light', 'Light colours', 'sun'],
  ['dark', 'Dark colours', 'moon'],
  ['system', 'Colours of the system', 'system'],
];

/** What people look for who want to send from an app. */
const APPS = 'API token password Laravel Rails Django nodemailer Symfony curl Go Spring WordPress';

/** Returns what a person can do now: what the page's keys do, the pages, and the actions of the frame. */
export function commandsFor(person: WhoAmI, [, ...ofPage]: readonly KeyLayer[]): readonly Command[] {
  const { domain } = person;
  const command = (
    group: string,
    title: string,
    icon: IconName,
    run: () => void,
    keys: string | null = null,
    words = '',
  ) => ({
    ...{ id: `${group} ${title}`, group, title, icon, keys, run, words },
  });
  return [
    ...ofPage.flatMap(({ keys }) =>
      Object.entries(keys).flatMap(([key, { label, run }]) =>
        label === undefined ? [] : [command('On this page', label, 'forward', run, key)],
      ),
    ),
    ...placesFor(person).map(({ name, href, icon, key }) =>
      command('Pages', name, icon, () => go(href), `g ${key}`),
    ),
    ...(domain === null
      ? [
          command('Actions', 'Add a domain', 'plus', () => go('/domains?add=1')),
          command('Actions', 'SMTP settings and code for an app', 'copy', () => go('/domains'), null, APPS),
        ]
      : [
          command(
            ...(['Actions', 'SMTP settings and code for my app', 'copy'] as const),
            () => go(`/domains/${domain}/tokens`),
            null,
            APPS,
          ),
          command('Actions', 'DNS records of my domain', 'domains', () => go(`/domains/${domain}/dns`)),
        ]),
    command('Actions', 'Messages that bounced', 'messages', () => go(filterUrl({ status: ['bounced'] }))),
    command('Actions', 'Messages that wait', 'queue', () =>
      go(filterUrl({ status: ['queued', 'deferred', 'held'] })),
    ),
    ...THEMES.map(([each, title, icon]) =>
      command('Actions', title, icon, () => {
        theme.value = each;
      }),
    ),
    command('Actions', 'Sign out', 'leave', () => void signOut()),
  ];
}

/** Returns the commands whose title or further words have every word of the text. */
export function matching(commands: readonly Command[], text: string): readonly Command[] {
  const words = text.toLowerCase().split(/\s+/);
  return commands.filter((command) => {
    const known = `${command.title} ${command.words}`.toLowerCase();
    return words.every((word) => known.includes(word));
  });
}
