import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { problemOf, Unreachable } from '../api/refusal.js';
import { Notice } from '../parts/notice.js';
import { sizeText } from '../parts/sizes.js';

/** Octets of the source that are shown. */
const MOST = 512 * 1024;

/** The message as it is stored. */
export function SourceView({ id }: { readonly id: number }): VNode | null {
  const source = useSignal<{ readonly text: string; readonly all: boolean } | null>(null);
  const problem = useSignal<unknown>(null);
  useEffect(() => {
    const controller = new AbortController();
    beginning(`/api/v1/messages/${id}/raw`, controller).then(
      (read) => (source.value = read),
      (error: unknown) => (problem.value = error),
    );
    return () => controller.abort();
  }, [id]);
  if (problem.value !== null) return <Notice kind="bad" title={problemOf(problem.value)} />;
  if (source.value === null) return null;
  return (
    <>
      {!source.value.all && (
        <p class="soft">The first {sizeText(MOST)}: download the message to see all of it.</p>
      )}
      <pre class="paper" tabIndex={0} aria-label="Source of the message">
        {source.value.text}
      </pre>
    </>
  );
}

/** Reads a text up to the octets that are shown, and leaves the rest at the server. */
async function beginning(url: string, controller: AbortController): Promise<{ text: string; all: boolean }> {
  const { ok, body, status } = await fetch(url, { signal: controller.signal });
  if (!ok || body === null)
    throw status === 410 ? new Error('The content has been removed') : new Unreachable();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text, all: true };
    text += decoder.decode(value, { stream: true });
    size += value.length;
    if (size < MOST) continue;
    controller.abort();
    return { text, all: false };
  }
}
