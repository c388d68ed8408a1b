import type { VNode } from 'preact';

/** Whether the keys of a Mac are meant: ⌘ in place of Ctrl. */
const isMac = /Mac OS|iPhone|iPad/.test(navigator.userAgent);
const NAMES: Readonly<Record<string, string>> = {
  Mod: isMac ? '⌘' : 'Ctrl',
  Escape: 'Esc',
};

/** The keys of a name of {@link KeyMap}, as they stand on a keyboard. */
export function KeyNames({ keys }: { readonly keys: string }): VNode {
  return (
    <span class="key-names">
      {keys.split(' ').map((key, index) => (
        <kbd key={index}>{NAMES[key] ?? (keys.startsWith('Mod ') ? key.toUpperCase() : key)}</kbd>
      ))}
    </span>
  );
}
