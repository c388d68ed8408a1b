import './code-block.css';
import type { VNode } from 'preact';
import { CopyButton } from './copy-button.js';

interface CodeBlockProps {
  readonly code: string;
  /** What it is, for screen readers: `the curl command`. */
  readonly what: string;
}

/** Text to paste somewhere else. */
export function CodeBlock({ code, what }: CodeBlockProps): VNode {
  return (
    <div class="code-block">
      <pre tabIndex={0} aria-label={what}>
        {code}
      </pre>
      <CopyButton text={code} what={what} />
    </div>
  );
}
