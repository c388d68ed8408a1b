import './shell.css';
import { useSignal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { WhoAmI } from '../../api/schemas/session.js';
import { Icon } from '../parts/icon.js';
import { Logo } from '../parts/logo.js';
import { Toasts } from '../parts/toasts.js';
import { go, path } from '../router/location.js';
import { who } from '../session/session.js';
import { ConnectionNotice } from './connection-notice.js';
import { KeyList } from './key-list.js';
import { KeyNames } from './key-names.js';
import { type KeyMap, useKeys } from './keys.js';
import { placesFor } from './navigation.js';
import { Palette } from './palette/palette.js';
import { PersonMenu } from './person-menu.js';
import { StallNotice } from './stall-notice.js';
import { isNarrow } from './viewport.js';

/** The frame around each page: navigation, who is signed in, and whether the server can be reached. */
export function Shell({ children }: { readonly children: ComponentChildren }): VNode | null {
  const { value: person } = who;
  return person === null ? null : <Frame person={person}>{children}</Frame>;
}

interface FrameProps {
  readonly person: WhoAmI;
  readonly children: ComponentChildren;
}

function Frame({ person, children }: FrameProps): VNode {
  const open = useSignal(false);
  const over = useSignal<'keys' | 'palette' | null>(null);
  const { value: here } = path;
  const side = useRef<HTMLDivElement>(null);
  const closeMenu = (): void => {
    // The way back of the browser changes the page as well.
    if (side.current?.matches(':popover-open') === true) side.current.hidePopover();
  };
  useEffect(closeMenu, [here]);
  const places = useMemo(() => placesFor(person), [person]);
  const keys = useMemo<KeyMap>(
    () => ({
      'Mod k': { label: 'Find or do', run: () => (over.value = 'palette') },
      '?': { label: 'Show the keys', run: () => (over.value = 'keys') },
      '/': { label: 'Search messages', run: () => go('/messages?focus=search') },
      ...Object.fromEntries(
        places.map(({ name, href, key }) => [`g ${key}`, { label: `Go to ${name}`, run: () => go(href) }]),
      ),
    }),
    [places],
  );
  useKeys('Everywhere', keys);
  const close = (): void => {
    over.value = null;
  };
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={skip}>
        Skip to the page
      </a>
      <header class="shell-top">
        <button
          type="button"
          class="button button-plain button-icon"
          popovertarget="navigation"
          aria-label="Menu"
        >
          <Icon name={open.value ? 'close' : 'menu'} />
        </button>
        <a class="brand" href="/messages">
          <Logo />
          Postern
        </a>
        <button
          type="button"
          class="button button-plain button-icon shell-find"
          aria-label="Find or do"
          onClick={() => (over.value = 'palette')}
        >
          <Icon name="search" />
        </button>
      </header>
      <div
        class="shell-side"
        id="navigation"
        ref={side}
        popover={isNarrow.value ? 'auto' : undefined}
        onToggle={({ newState }) => (open.value = newState === 'open')}
      >
        <a class="brand" href="/messages">
          <Logo />
          Postern
        </a>
        <button type="button" class="find" onClick={() => (over.value = 'palette')}>
          <Icon name="search" />
          <span>Find or do</span>
          <KeyNames keys="Mod k" />
        </button>
        <nav aria-label="Pages" onClick={closeMenu}>
          {places.map(({ name, href, icon, paths }) => (
            <a key={href} href={href} aria-current={paths.test(here) ? 'page' : undefined}>
              <Icon name={icon} />
              {name}
            </a>
          ))}
        </nav>
        <PersonMenu person={person} onKeys={() => (over.value = 'keys')} />
      </div>
      <main id="main" tabIndex={-1}>
        <ConnectionNotice />
        <StallNotice domain="" />
        {children}
      </main>
      <Toasts />
      {over.value === 'palette' && <Palette person={person} onClose={close} />}
      {over.value === 'keys' && <KeyList onClose={close} />}
    </div>
  );
}

/** The link of the skip goes to a place within this document, so the router must not take it for another page. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
