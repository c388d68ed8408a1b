import './toasts.css';
import { signal } from '@preact/signals';
import type { VNode } from 'preact';
import { Icon } from './icon.js';

interface Toast {
  readonly text: string;
  readonly bad?: boolean;
  readonly action?: { readonly name: string; readonly run: () => void };
  /** How long it stays, in milliseconds. Default: 6 s. */
  readonly stays?: number;
}

interface Shown extends Toast {
  readonly key: number;
}

const shown = signal<readonly Shown[]>([]);
let keys = 0;

/** Shows a short message over the page. Returns what takes it away. */
export function toast(message: Toast): () => void {
  const key = ++keys;
  shown.value = [...shown.peek(), { ...message, key }];
  const close = (): void => {
    clearTimeout(timer);
    shown.value = shown.peek().filter((each) => each.key !== key);
  };
  const timer = setTimeout(close, message.stays ?? 6_000);
  return close;
}

/** The place where short messages appear; screen readers read them out. */
export function Toasts(): VNode {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.value.map(({ key, text, bad, action }) => (
        <div key={key} class={bad === true ? 'toast toast-bad' : 'toast'}>
          {bad === true && <Icon name="warning" />}
          <p>{text}</p>
          {action !== undefined && (
            <button
              type="button"
              onClick={() => {
                shown.value = shown.peek().filter((each) => each.key !== key);
                action.run();
              }}
            >
              {action.name}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
