import './badge.css';
import type { ComponentChildren, VNode } from 'preact';

export interface BadgeProps {
  readonly kind: 'good' | 'warning' | 'bad' | 'busy' | 'quiet';
  /** It is under way: a ring sets it apart from what is final, so that not colour alone does. */
  readonly open?: boolean;
  /** Explains the word. */
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A state in a word. */
export function Badge({ kind, open, title, children }: BadgeProps): VNode {
  return (
    <span class={`badge badge-${kind}`} data-open={open === true} title={title}>
      {children}
    </span>
  );
}
