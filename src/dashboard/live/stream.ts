import { effect } from '@preact/signals';
import type { MessageChange } from '../../api/schemas/events.js';
import { reachable, request } from '../api/request.js';
import { who } from '../session/session.js';

interface Listener {
  /** Messages changed. */
  readonly changed: (changes: readonly MessageChange[]) => void;
  /** Something may have been missed: read again what is on screen. */
  readonly missed: () => void;
}

/** How long after a failure the stream is opened again, in milliseconds. */
const AGAIN_AFTER = 2_000;

const listeners = new Set<Listener>();
let source: EventSource | null = null;
let timer = 0;

/** Hears of changes of messages until the function that is returned is called. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  update();
  return () => {
    listeners.delete(listener);
    update();
  };
}

/**
 * Opens or closes the one stream of this page. It is open while someone listens and the page is in sight: a browser
 * has six connections to a server, and pages in the background would take them all.
 */
function update(): void {
  const wanted = listeners.size > 0 && document.visibilityState === 'visible' && who.peek() !== null;
  if (wanted && source === null) open();
  if (!wanted) close();
}

function open(): void {
  clearTimeout(timer);
  const opened = new EventSource('/api/v1/events');
  source = opened;
  let before = false;
  opened.addEventListener('ready', () => {
    reachable.value = true;
    // Changes before the stream was open are not in it. After a break, Last-Event-ID brings it.
    if (!before) missed();
    before = true;
  });
  opened.addEventListener('missed', missed);
  opened.addEventListener('messages', ({ data }: MessageEvent<string>) => {
    const { changes } = JSON.parse(data) as { changes: MessageChange[] };
    for (const { changed } of listeners) changed(changes);
  });
  opened.addEventListener('error', () => {
    // Whether the server is away or the session has ended, a request says.
    void request('GET', '/api/v1/session').catch(() => undefined);
    if (opened.readyState !== EventSource.CLOSED) return;
    close();
    timer = setTimeout(update, AGAIN_AFTER);
  });
}

function close(): void {
  clearTimeout(timer);
  source?.close();
  source = null;
}

function missed(): void {
  for (const { missed: hear } of listeners) hear();
}

document.addEventListener('visibilitychange', update);
effect(() => {
  // A stream belongs to the one who is signed in.
  if (who.value === null) close();
  else update();
});
