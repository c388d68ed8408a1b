import type { ComponentChildren, VNode } from 'preact';
import { problemOf, Refusal } from '../api/refusal.js';
import { Notice } from './notice.js';
import type { Resource } from './resource.js';

interface LoadedProps<Value> {
  readonly from: Resource<Value>;
  readonly children: (value: Value) => ComponentChildren;
}

/** Shows a value when it is there; before it a quiet place, and if it cannot be had, why, with a way to try again. */
export function Loaded<Value>({ from, children }: LoadedProps<Value>): VNode {
  const { value, problem, reload } = from;
  return (
    <>
      {problem !== null && (
        <Notice kind="bad" title={problemOf(problem)}>
          {!isForbidden(problem) && (
            <button type="button" class="button" onClick={() => void reload()}>
              Try again
            </button>
          )}
        </Notice>
      )}
      {value !== null
        ? children(value)
        : problem === null && (
            <p class="soft" role="status">
              Loading …
            </p>
          )}
    </>
  );
}

/** Whether the one who is signed in may not see it: another try gives the same. */
function isForbidden(problem: unknown): boolean {
  return problem instanceof Refusal && problem.status === 403;
}
