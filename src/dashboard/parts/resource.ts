import { batch, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** Something that a page loads and may load again. */
export interface Resource<Value> {
  /** The last value that came; null before the first one. */
  readonly value: Value | null;
  /** Why the last request failed; null if it did not. */
  readonly problem: unknown;
  readonly loading: boolean;
  readonly reload: () => Promise<void>;
  /** Replaces the value, such as by the answer to a change. */
  readonly set: (value: Value) => void;
}

/**
 * Loads a value when a component appears, and anew when the key changes. A late answer to an earlier key is dropped.
 *
 * @param key what the value depends on; null: nothing is loaded
 */
export function useResource<Value>(
  key: string | null,
  load: (signal: AbortSignal) => Promise<Value>,
): Resource<Value> {
  const value = useSignal<Value | null>(null);
  const problem = useSignal<unknown>(null);
  const loading = useSignal(key !== null);
  const current = useRef(new AbortController());
  const loader = useRef(load);
  loader.current = load;

  async function reload(): Promise<void> {
    current.current.abort();
    const controller = new AbortController();
    current.current = controller;
    loading.value = true;
    try {
      const loaded = await loader.current(controller.signal);
      if (controller.signal.aborted) return;
      batch(() => {
        value.value = loaded;
        problem.value = null;
      });
    } catch (error) {
      if (!controller.signal.aborted) problem.value = error;
    } finally {
      if (!controller.signal.aborted) loading.value = false;
    }
  }

  useEffect(() => {
    if (key === null) return;
    batch(() => {
      value.value = null;
      problem.value = null;
    });
    void reload();
    return () => current.current.abort();
  }, [key]);

  return {
    value: value.value,
    problem: problem.value,
    loading: loading.value,
    reload,
    set: (next) => (value.value = next),
  };
}
