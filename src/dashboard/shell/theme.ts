import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'postern-theme';

/** The colours that the person chose; `system` follows the operating system. */
export const theme = signal<Theme>(stored());

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const darkSystem = signal(systemIsDark.matches);
systemIsDark.addEventListener('change', ({ matches }) => {
  darkSystem.value = matches;
});

/** Whether the page is dark now, by the choice or by the operating system. */
export const isDark: ReadonlySignal<boolean> = computed(() =>
  theme.value === 'system' ? darkSystem.value : theme.value === 'dark',
);

/** Applies the chosen colours, now and whenever the choice changes. */
export function applyTheme(): void {
  effect(() => {
    const chosen = theme.value;
    if (chosen === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = chosen;
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // The browser keeps nothing for this site: the choice lasts as long as the page.
    }
  });
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}
