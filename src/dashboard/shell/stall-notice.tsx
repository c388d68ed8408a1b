import './stall-notice.css';
import { signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ProgressBody } from '../../api/schemas/queue.js';
import { queryOf, request } from '../api/request.js';
import { filterUrl } from '../messages/filter.js';
import { Notice } from '../parts/notice.js';
import { useResource } from '../parts/resource.js';
import { distance } from '../parts/time.js';

type Stall = NonNullable<ProgressBody['stall']>;

/** How often the server is asked, in milliseconds. */
const LOOK_EVERY = 15_000;

const HIDDEN = 'postern-held-is-meant';
/** Whether the person said that mail is held on purpose, as on a machine for development. */
const heldIsMeant = signal(stored());

interface StallNoticeProps {
  /** Empty: all mail that the person may see. */
  readonly domain: string;
}

/** Says in red that mail is accepted and none is delivered, why, and where to look. */
export function StallNotice({ domain }: StallNoticeProps): VNode | null {
  const progress = useResource(`progress ${domain}`, (signal) =>
    request<ProgressBody>('GET', '/api/v1/queue/progress', {
      query: { domain: domain || undefined },
      signal,
    }),
  );
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void progress.reload();
    }, LOOK_EVERY);
    return () => clearInterval(timer);
  }, [domain]);
  const { stall = null, lastDelivery = null } = progress.value ?? {};
  if (stall === null || (stall.cause === 'held' && heldIsMeant.value)) return null;
  const of = domain === '' ? '' : ` of ${domain}`;
  return (
    <div class="stall">
      <Notice kind="bad" title={`Mail${of} is accepted, and none is delivered`}>
        <p>{why(stall, lastDelivery)}</p>
        {stall.reply !== null && <p class="mono stall-reply">{stall.reply}</p>}
        <p class="row">
          <a class="button" href={placeOf(stall, domain)}>
            {PLACES[stall.cause]}
          </a>
          {stall.cause === 'held' && (
            <button type="button" class="button" onClick={hide}>
              It is meant so: do not show this again
            </button>
          )}
        </p>
      </Notice>
    </div>
  );
}

const PLACES: Readonly<Record<Stall['cause'], string>> = {
  waiting: 'See what waits, and why',
  held: 'See what is held',
  refused: 'See what was refused',
};

function why({ cause, since, reply }: Stall, lastDelivery: string | null): string {
  const last =
    lastDelivery === null ? 'Nothing was delivered yet.' : `The last delivery was ${distance(lastDelivery)}.`;
  switch (cause) {
    case 'waiting':
      return `${last} A message that came in ${distance(since)} still waits${reply === null ? ', and was not tried.' : '; its last attempt came to:'}`;
    case 'held':
      return 'Delivery is off: the server was started without --deliver URL, so it holds all mail.';
    case 'refused':
      return `${last} All mail since then was refused for good${reply === null ? '.' : ', such as with:'}`;
  }
}

function placeOf({ cause }: Stall, domain: string): string {
  const domains = domain === '' ? [] : [domain];
  switch (cause) {
    case 'waiting':
      return `/queue${queryOf({ domain: domain || undefined })}`;
    case 'held':
      return filterUrl({ status: ['held'], domain: domains });
    case 'refused':
      return filterUrl({ status: ['bounced'], domain: domains });
  }
}

function hide(): void {
  heldIsMeant.value = true;
  try {
    localStorage.setItem(HIDDEN, 'yes');
  } catch {
    // The browser keeps nothing for this site: it is hidden as long as the page is open.
  }
}

function stored(): boolean {
  try {
    return localStorage.getItem(HIDDEN) !== null;
  } catch {
    return false;
  }
}
