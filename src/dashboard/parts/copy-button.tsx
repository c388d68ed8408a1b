import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { Icon } from './icon.js';
import { toast } from './toasts.js';

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for screen readers: `the token`. */
  readonly what: string;
}

/** Copies a text, and says that it did. */
export function CopyButton({ text, what }: CopyButtonProps): VNode {
  const copied = useSignal(false);
  return (
    <button type="button" class="button copy" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      <Icon name={copied.value ? 'check' : 'copy'} />
      {copied.value ? 'Copied' : 'Copy'}
    </button>
  );

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      copied.value = true;
      setTimeout(() => (copied.value = false), 2_000);
    } catch {
      // Browsers allow it on localhost and over TLS only.
      toast({ text: 'The browser does not allow copying here: select the text instead', bad: true });
    }
  }
}
