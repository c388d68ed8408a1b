import './html-view.css';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { Icon, type IconName } from '../parts/icon.js';

const WIDTHS: readonly (readonly [width: string, name: string, icon: IconName])[] = [
  ['375px', 'Phone', 'phone'],
  ['640px', 'Tablet', 'tablet'],
  ['100%', 'Full width', 'desktop'],
];
/**
 * An address of another server in a place from which a picture may be loaded. White space is bounded, since the HTML may
 * have a lot of it.
 */
const REMOTE =
  /(?:\bsrc|\bsrcset|\bbackground)\s{0,9}=\s{0,9}["']?\s{0,9}(?:https?:)?\/\/|url\(\s{0,9}["']?\s{0,9}(?:https?:)?\/\//i;

/** The HTML as a receiver would see it, in a frame where nothing of it can run. */
export function HtmlView({ id, html }: { readonly id: number; readonly html: string }): VNode {
  const width = useSignal('100%');
  const remote = useSignal(false);
  const source = `/api/v1/messages/${id}/html${remote.value ? '?images=remote' : ''}`;
  return (
    <div class="html-view">
      <div class="view-bar">
        <div class="segments" role="group" aria-label="Width">
          {WIDTHS.map(([each, name, icon]) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === width.value}
              aria-label={name}
              title={name}
              onClick={() => (width.value = each)}
            >
              <Icon name={icon} />
            </button>
          ))}
        </div>
        {REMOTE.test(html) &&
          (remote.value ? (
            <span class="soft small">Images are loaded from their own servers</span>
          ) : (
            <button type="button" class="button" onClick={() => (remote.value = true)}>
              <Icon name="image" />
              Load remote images
            </button>
          ))}
      </div>
      <iframe
        key={source}
        title="HTML of the message"
        src={source}
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        referrerpolicy="no-referrer"
        style={{ width: width.value }}
      />
    </div>
  );
}
