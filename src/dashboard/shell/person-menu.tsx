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

/** Who is signed in, the choice of colours, and the way out. */
export function PersonMenu({ person, onKeys }: PersonMenuProps): VNode {
  const { domain } = person;
  return (
    <div class="person">
      <ThemeSwitch />
      <div class="person-row">
        <span class="person-name" title={domain ?? undefined}>
          {domain ?? 'Administrator'}
        </span>
        <button
          type="button"
          class="button button-plain button-icon person-keys"
          aria-label="Show the keys"
          title="Keys"
          onClick={onKeys}
        >
          <kbd>?</kbd>
        </button>
        <button
          type="button"
          class="button button-plain button-icon"
          aria-label="Sign out"
          title="Sign out"
          onClick={() => void signOut()}
        >
          <Icon name="leave" />
        </button>
      </div>
    </div>
  );
}
