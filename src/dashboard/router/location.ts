import { computed, signal, type ReadonlySignal } from '@preact/signals';

const current = signal(new URL(location.href));

/** The path of the page on screen, such as `/messages/17`. */
export const path: ReadonlySignal<string> = computed(() => current.value.pathname);

/** The query of the page on screen, without its question mark. */
export const query: ReadonlySignal<string> = computed(() => current.value.search.slice(1));

addEventListener('popstate', () => {
  current.value = new URL(location.href);
});

/**
 * Shows another page of the dashboard.
 *
 * @param replace whether the page before is taken out of the history of the browser
 */
export function go(target: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  const next = new URL(target, current.value);
  if (next.href === current.value.href) return;
  if (replace) history.replaceState(null, '', next);
  else history.pushState(null, '', next);
  const moved = next.pathname !== current.value.pathname;
  current.value = next;
  if (moved) scrollTo(0, 0);
}
