import { signal, type ReadonlySignal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';

interface KeyAction {
  /** Says what the key does, for the list of keys and the palette. Without it, the key is in neither. */
  readonly label?: string;
  readonly run: () => void;
}

/**
 * By the `key` of the event: `j`, `/`, `?`, `Escape`. Two keys after one another: `g m`. With Ctrl, or ⌘ on a Mac:
 * `Mod k`, which also works while a person types in a field.
 */
export type KeyMap = Readonly<Record<string, KeyAction>>;

/** Keys of one part of the page. */
export interface KeyLayer {
  /** Names the part, for the list of keys. */
  readonly title: string;
  readonly keys: KeyMap;
}

const layers = signal<readonly KeyLayer[]>([]);

/** The keys in force: those of the frame first, those of the page after them. */
export const keysInForce: ReadonlySignal<readonly KeyLayer[]> = layers;

/** Time between two keys that belong together, in milliseconds. */
const TOGETHER = 1_200;
const MODIFIERS: ReadonlySet<string> = new Set(['Shift', 'Control', 'Meta', 'Alt', 'AltGraph', 'CapsLock']);
let before = { key: '', at: 0 };

/** Puts keys in force for as long as the component is on screen. The caller keeps the map the same between renders. */
export function useKeys(title: string, keys: KeyMap): void {
  // In the layout effect: a key that is pressed as soon as the page is there has its meaning.
  useLayoutEffect(() => {
    const layer = { title, keys };
    layers.value = [...layers.peek(), layer];
    return () => {
      layers.value = layers.peek().filter((each) => each !== layer);
    };
  }, [title, keys]);
}

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.defaultPrevented || event.altKey || event.isComposing || MODIFIERS.has(key)) return;
  if (document.querySelector('dialog[open], :popover-open') !== null) return;
  const action =
    event.ctrlKey || event.metaKey ? find(`Mod ${key}`) : isTyping(target) ? undefined : typed(event);
  if (action === undefined) return;
  event.preventDefault();
  action.run();
});

function typed({ key, timeStamp }: KeyboardEvent): KeyAction | undefined {
  const pair = timeStamp - before.at < TOGETHER ? find(`${before.key} ${key}`) : undefined;
  before = { key: pair === undefined ? key : '', at: timeStamp };
  return pair ?? find(key);
}

function find(key: string): KeyAction | undefined {
  return layers.peek().findLast(({ keys }) => Object.hasOwn(keys, key))?.keys[key];
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
