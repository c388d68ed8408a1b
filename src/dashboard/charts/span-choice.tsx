import type { VNode } from 'preact';
import { type Span, SPANS } from './span.js';

interface SpanChoiceProps {
  readonly span: Span;
  readonly onChange: (span: Span) => void;
}

/** Chooses the time that a page of statistics is about. */
export function SpanChoice({ span, onChange }: SpanChoiceProps): VNode {
  return (
    <div class="segments" role="group" aria-label="Time">
      {SPANS.map((each) => (
        <button
          key={each.name}
          type="button"
          aria-pressed={each.name === span.name}
          onClick={() => onChange(each)}
        >
          {each.title}
        </button>
      ))}
    </div>
  );
}
