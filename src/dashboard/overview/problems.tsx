import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { StatisticsBody } from '../../api/schemas/statistics.js';
import { request } from '../api/request.js';
import { filterUrl } from '../messages/filter.js';
import { Notice } from '../parts/notice.js';
import { useResource } from '../parts/resource.js';
import { plural } from '../parts/sizes.js';
import { who } from '../session/session.js';

const LOOK_EVERY = 15_000;

/** Says in red that mail is accepted and none is delivered, and why the server is not ready. */
export function Problems({ domain }: { readonly domain: string }): VNode | null {
  const administrator = who.value?.kind === 'administrator';
  const problems = useResource(`${domain} ${administrator}`, async (signal) => ({
    stuck: await findStuck(domain, signal),
    reasons: administrator ? await findReasons(signal) : [],
  }));
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void problems.reload();
    }, LOOK_EVERY);
    return () => clearInterval(timer);
  }, [domain]);
  if (problems.value === null) return null;
  const { stuck, reasons } = problems.value;
  return (
    <>
      {stuck !== null && (
        <Notice kind="bad" title="Mail is accepted, and none is delivered">
          <p>{stuck.why}</p>
          <a class="button" href={stuck.tried ? '/queue' : filterUrl({ status: ['held', 'queued'] })}>
            {stuck.tried ? 'See what waits, and why' : 'See what is kept'}
          </a>
        </Notice>
      )}
      {reasons.map((reason) => (
        <Notice key={reason} kind="warning" title={`The server reports: ${reason}`} />
      ))}
    </>
  );
}

interface Stuck {
  readonly why: string;
  /** Whether there was any attempt to deliver. */
  readonly tried: boolean;
}

/** Returns what stands in the red banner; null if mail gets out, or no mail came in. */
async function findStuck(domain: string, signal: AbortSignal): Promise<Stuck | null> {
  const { total } = await request<StatisticsBody>('GET', '/api/v1/statistics', {
    query: { since: '2h', by: 'hour', domain: domain || undefined },
    signal,
  });
  const { accepted, delivered, deferred, bounced } = total;
  if (accepted === 0 || delivered > 0) return null;
  const came = `${plural(accepted, 'message')} came in within the last hours`;
  if (deferred + bounced > 0) {
    const why = `${came}; of the attempts to deliver, ${deferred} were put off and ${bounced} were refused.`;
    return { why, tried: true };
  }
  const why = `${came}, and nothing was tried. If no route is configured (--deliver URL), all mail is held.`;
  return { why, tried: false };
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
