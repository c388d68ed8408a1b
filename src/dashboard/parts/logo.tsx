import type { VNode } from 'preact';

/** A small door beside the gate: a postern. */
export function Logo(): VNode {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M10 26V14a6 6 0 0 1 12 0v12M6.5 26h19" />
      <circle cx="18.8" cy="19.5" r="1.5" />
    </svg>
  );
}
