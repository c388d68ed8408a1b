import './notice.css';
import type { ComponentChildren, VNode } from 'preact';
import { Icon } from './icon.js';

interface NoticeProps {
  /** `bad` is announced at once by screen readers. */
  readonly kind: 'info' | 'warning' | 'bad';
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** Something that a person should know about a page or a form. */
export function Notice({ kind, title, children }: NoticeProps): VNode {
  return (
    <div class={`notice notice-${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      <Icon name="warning" />
      <div>
        <p class="notice-title">{title}</p>
        {children}
      </div>
    </div>
  );
}
