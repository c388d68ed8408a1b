import './shell.css';
import { useSignal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { Logo } from '../parts/logo.js';
import { Toasts } from '../parts/toasts.js';
import { path } from '../router/location.js';
import { who } from '../session/session.js';
import { ConnectionNotice } from './connection-notice.js';
import { placesFor } from './navigation.js';
import { PersonMenu } from './person-menu.js';

/** The frame around each page: navigation, who is signed in, and whether the server can be reached. */
export function Shell({ children }: { readonly children: ComponentChildren }): VNode | null {
  const open = useSignal(false);
  const { value: here } = path;
  useEffect(() => {
    open.value = false;
  }, [here]);
  const { value: person } = who;
  if (person === null) return null;
  const places = placesFor(person);
  return (
    <div class="shell" data-open={open.value}>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the page
      </a>
      <header class="shell-top">
        <button
          type="button"
          class="button button-plain button-icon"
          aria-expanded={open.value}
          aria-controls="navigation"
          aria-label="Menu"
          onClick={() => (open.value = !open.value)}
        >
          <Icon name={open.value ? 'close' : 'menu'} />
        </button>
        <a class="brand" href="/messages">
          <Logo />
          Postern
        </a>
      </header>
      <div class="shell-side" id="navigation">
        <a class="brand" href="/messages">
          <Logo />
          Postern
        </a>
        <nav aria-label="Pages">
          {places.map(({ name, href, icon, paths }) => (
            <a key={href} href={href} aria-current={paths.test(here) ? 'page' : undefined}>
              <Icon name={icon} />
              {name}
            </a>
          ))}
        </nav>
        <PersonMenu person={person} />
      </div>
      <main id="main" tabIndex={-1}>
        <ConnectionNotice />
        {children}
      </main>
      <Toasts />
    </div>
  );
}

/** The link of the skip goes to a place within this document, so the router must not take it for another page. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
