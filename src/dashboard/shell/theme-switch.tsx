import type { VNode } from 'preact';
import { Icon, type IconName } from '../parts/icon.js';
import { theme, type Theme } from './theme.js';

const CHOICES: readonly (readonly [theme: Theme, name: string, icon: IconName])[] = [
  ['system', 'Colours of the system', 'system'],
  ['light', 'Light', 'sun'],
  ['dark', 'Dark', 'moon'],
];

/** Chooses light or dark colours, or those of the operating system. */
export function ThemeSwitch(): VNode {
  return (
    <div class="segments" role="group" aria-label="Colours">
      {CHOICES.map(([each, name, icon]) => (
        <button
          key={each}
          type="button"
          aria-label={name}
          title={name}
          aria-pressed={theme.value === each}
          onClick={() => (theme.value = each)}
        >
          <Icon name={icon} />
        </button>
      ))}
    </div>
  );
}
