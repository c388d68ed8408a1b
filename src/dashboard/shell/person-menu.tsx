import './person-menu.css';
import type { VNode } from 'preact';
import type { WhoAmI } from '../../api/schemas/session.js';
import { Icon } from '../parts/icon.js';
import { signOut } from '../session/session.js';
import { ThemeSwitch } from './theme-switch.js';

interface PersonMenuProps {
  readonly person: WhoAmI;
  /** Shows the keys. */
  readonly onKeys: () => void;
}

const MENU = 'person-menu';

/** Who is signed in, with a menu: the choice of colours, the keys, and the way out. */
export function PersonMenu({ person, onKeys }: PersonMenuProps): VNode {
  const { domain } = person;
  return (
    <div class="person">
      <button type="button" class="person-button" popovertarget={MENU} aria-haspopup="dialog">
        <span class="person-name" title={domain ?? undefined}>
          {domain ?? 'Administrator'}
        </span>
        <Icon name="up" />
      </button>
      <div id={MENU} class="menu" popover="auto" role="dialog" aria-label="You">
        <p class="menu-title">Colours</p>
        <ThemeSwitch />
        <button
          type="button"
          class="menu-item person-keys"
          popovertarget={MENU}
          popovertargetaction="hide"
          onClick={onKeys}
        >
          <Icon name="key" />
          <span>Show the keys</span>
          <kbd>?</kbd>
        </button>
        <button type="button" class="menu-item" onClick={() => void signOut()}>
          <Icon name="leave" />
          <span>Sign out</span>
        </button>
      </div>
    </div>
  );
}
