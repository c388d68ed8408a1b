import { signal } from '@preact/signals';
import type { VNode } from 'preact';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The time of now, to the minute. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, MINUTE);

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const year = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long', hour12: false });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** A time as short as it can be understood: of today the hour, of this year the day. */
export function Time({ at }: { readonly at: string }): VNode {
  return (
    <time dateTime={at} title={fullTime(at)}>
      {shortTime(at)}
    </time>
  );
}

function shortTime(at: string): string {
  const time = new Date(at);
  const today = new Date(now.value);
  if (time.toDateString() === today.toDateString()) return clock.format(time);
  return (time.getFullYear() === today.getFullYear() ? day : year).format(time);
}

export function fullTime(at: string): string {
  return full.format(new Date(at));
}

/** When something is due: `in 4 minutes`, or `now` once the time is over. */
export function due(at: string): string {
  return new Date(at).getTime() <= Math.max(now.value, Date.now()) ? 'now' : distance(at);
}

/** How far a time is from now: `in 4 minutes`, `2 hours ago`. */
export function distance(at: string): string {
  // `now` makes the text anew each minute, and is up to a minute behind.
  const gap = new Date(at).getTime() - Math.max(now.value, Date.now());
  const size = Math.abs(gap);
  if (size < 45_000) return gap < 0 ? 'just now' : 'in a moment';
  if (size < 90 * MINUTE) return relative.format(Math.round(gap / MINUTE), 'minute');
  if (size < 36 * 60 * MINUTE) return relative.format(Math.round(gap / (60 * MINUTE)), 'hour');
  return relative.format(Math.round(gap / DAY), 'day');
}
