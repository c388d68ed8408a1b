import type { ComponentChildren, VNode } from 'preact';
import { SafeLink } from '../parts/safe-link.js';

const URLS = /\b(?:https?:\/\/|mailto:)[^\s<>"]{1,2000}/gi;
/** Characters that end a sentence rather than a URL. */
const AFTER_URL = /[.,;:!?)\]}'…]+$/;

/** The text of the message, with its links. */
export function TextView({ text, truncated }: { readonly text: string; readonly truncated: boolean }): VNode {
  return (
    <>
      {truncated && <p class="soft">The beginning of a long text: download the message to see all of it.</p>}
      <div class="paper">{linked(text)}</div>
    </>
  );
}

function linked(text: string): ComponentChildren[] {
  const pieces: ComponentChildren[] = [];
  let at = 0;
  for (const match of text.matchAll(URLS)) {
    const url = match[0].replace(AFTER_URL, '');
    pieces.push(text.slice(at, match.index));
    pieces.push(
      <SafeLink key={match.index} url={url}>
        {url}
      </SafeLink>,
    );
    at = match.index + url.length;
  }
  pieces.push(text.slice(at));
  return pieces;
}
