import type { VNode } from 'preact';
import { path } from '../router/location.js';

/** A path that no page has. */
export function NotFoundPage(): VNode {
  return (
    <div class="page">
      <h1>There is no such page</h1>
      <p class="soft mono">{path.value}</p>
      <p>
        <a href="/messages">Go to the messages</a>
      </p>
    </div>
  );
}
