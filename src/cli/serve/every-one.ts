/** An object whose methods are called for what they do, and return nothing. */
type Hearing = Readonly<Record<string, ((...args: never[]) => void) | undefined>>;

/**
 * Returns an observer that passes each call on to several ones, in their order.
 *
 * @param observers null stands for none
 */
export function everyOne<Observer extends object>(
  ...observers: readonly (Partial<Observer> | null)[]
): Observer {
  const methods = new Map<string, ((...args: never[]) => void)[]>();
  for (const observer of observers) {
    for (const [name, method] of Object.entries((observer ?? {}) as Hearing)) {
      if (method !== undefined) methods.set(name, [...(methods.get(name) ?? []), method]);
    }
  }
  const entries = [...methods].map(([name, calls]) => [
    name,
    (...args: never[]) => {
      for (const call of calls) call(...args);
    },
  ]);
  return Object.fromEntries(entries) as Observer;
}
