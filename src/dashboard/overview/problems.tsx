import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { Notice } from '../parts/notice.js';
import { useResource } from '../parts/resource.js';
import { who } from '../session/session.js';

const LOOK_EVERY = 15_000;

/** Shows the administrator why the server is not ready. */
export function Problems(): VNode | null {
  const administrator = who.value?.kind === 'administrator';
  const reasons = useResource(administrator ? 'reasons' : null, findReasons);
  useEffect(() => {
    const timer = setInterval(() => {
      if (administrator && document.visibilityState === 'visible') void reasons.reload();
    }, LOOK_EVERY);
    return () => clearInterval(timer);
  }, [administrator]);
  return (
    <>
      {reasons.value?.map((reason) => (
        <Notice key={reason} kind="warning" title={`The server reports: ${reason}`} />
      ))}
    </>
  );
}

/** Readiness is answered with 503 and the reasons, so it is no request of the API like others. */
async function findReasons(signal: AbortSignal): Promise<readonly string[]> {
  try {
    const answer = await fetch('/readyz', { signal });
    const { reasons } = (await answer.json()) as { reasons?: unknown };
    return Array.isArray(reasons) ? reasons.filter((reason) => typeof reason === 'string') : [];
  } catch {
    // It may be served on another port. The page says by itself that the server cannot be reached.
    return [];
  }
}
