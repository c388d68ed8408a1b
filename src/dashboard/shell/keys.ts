import { signal, type ReadonlySignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export interface KeyAction {
  /** What the key does, for the list of keys. Without it, the key is not listed. */
  readonly label?: string;
  readonly run: () => void;
}

/** By the `key` of the event: `j`, `/`, `?`, `Escape`. Two keys after one another: `g m`. */
export type KeyMap = Readonly<Record<string, KeyAction>>;

const layers = signal<readonly KeyMap[]>([]);

/** The keys in force: those of the frame first, those of the page after them. */
export const keysInForce: ReadonlySignal<readonly KeyMap[]> = layers;

/** Time between two keys that belong together, in milliseconds. */
const TOGETHER = 1_200;
let before = { key: '', at: 0 };

/** Puts keys in force for as long as the component is on screen. */
export function useKeys(keys: KeyMap): void {
  useEffect(() => {
    layers.value = [...layers.peek(), keys];
    return () => {
      layers.value = layers.peek().filter((each) => each !== keys);
    };
  }, [keys]);
}

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
  const pair = event.timeStamp - before.at < TOGETHER ? `${before.key} ${event.key}` : '';
  before = { key: event.key, at: event.timeStamp };
  const action = find(pair) ?? find(event.key);
  if (action === undefined) return;
  event.preventDefault();
  action.run();
});

function find(key: string): KeyAction | undefined {
  return layers.peek().findLast((keys) => Object.hasOwn(keys, key))?.[key];
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
