import type { VNode } from 'preact';

export function MessagesPage(): VNode {
  return (
    <div class="page">
      <h1>Messages</h1>
    </div>
  );
}
