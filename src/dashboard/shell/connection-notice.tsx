import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { reachable, request } from '../api/request.js';
import { Notice } from '../parts/notice.js';

/** How often a server that cannot be reached is asked again, in milliseconds. */
const ASK_EVERY = 2_000;

/** Says that the server cannot be reached, for as long as that is so. */
export function ConnectionNotice(): VNode | null {
  const { value: connected } = reachable;
  useEffect(() => {
    if (connected) return;
    const timer = setInterval(() => {
      // The answer sets `reachable`, whatever it says.
      void request('GET', '/healthz').catch(() => undefined);
    }, ASK_EVERY);
    return () => clearInterval(timer);
  }, [connected]);
  if (connected) return null;
  return (
    <div class="connection">
      <Notice kind="warning" title="The server cannot be reached">
        <p>What you see may be old. The page tries again by itself.</p>
      </Notice>
    </div>
  );
}
