import { signal, type ReadonlySignal } from '@preact/signals';

const narrow = matchMedia('(max-width: 800px)');
const current = signal(narrow.matches);
narrow.addEventListener('change', ({ matches }) => {
  current.value = matches;
});

/** Whether the window is as narrow as a phone's. */
export const isNarrow: ReadonlySignal<boolean> = current;
