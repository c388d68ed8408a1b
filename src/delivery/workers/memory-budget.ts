interface Waiting {
  readonly tenant: number;
  readonly size: number;
  readonly enter: () => void;
}

/**
 * Limits the memory for messages that are held as a whole. All users share it: if there is no room, a message waits
 * for those before it. A tenant gets half of it at most, so that slow remote servers of one tenant leave room for
 * others. A message that is larger than its share goes alone.
 */
export class MemoryBudget {
  #octets = 0;
  #count = 0;
  readonly #byTenant = new Map<number, { octets: number; count: number }>();
  #waiting: Waiting[] = [];

  /**
   * @param octets the most octets of all messages together
   * @param count the most messages
   */
  constructor(
    private readonly octets: number,
    private readonly count: number,
  ) {}

  /** Runs `work` when there is room for `size` octets of this tenant. */
  async hold<T>(tenant: number, size: number, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((enter) => {
      this.#waiting.push({ tenant, size, enter });
      this.#admit();
    });
    try {
      return await work();
    } finally {
      this.#leave(tenant, size);
      this.#admit();
    }
  }

  /**
   * Admits waiting messages that fit, in their order. If the tenant of a message has used its share, the message does
   * not block the others.
   */
  #admit(): void {
    const left: Waiting[] = [];
    let full = false;
    for (const each of this.#waiting) {
      const hasShare = this.#hasShare(each);
      full ||= hasShare && !this.#fits(each.size);
      if (full || !hasShare) left.push(each);
      else this.#enter(each);
    }
    this.#waiting = left;
  }

  #fits(size: number): boolean {
    return this.#count < this.count && (this.#octets === 0 || this.#octets + size <= this.octets);
  }

  #hasShare({ tenant, size }: Waiting): boolean {
    const held = this.#byTenant.get(tenant);
    return held === undefined || (held.count < this.count / 2 && held.octets + size <= this.octets / 2);
  }

  #enter({ tenant, size, enter }: Waiting): void {
    const held = this.#byTenant.get(tenant) ?? { octets: 0, count: 0 };
    this.#byTenant.set(tenant, { octets: held.octets + size, count: held.count + 1 });
    this.#octets += size;
    this.#count += 1;
    enter();
  }

  #leave(tenant: number, size: number): void {
    const held = this.#byTenant.get(tenant);
    if (held !== undefined && held.count > 1) {
      this.#byTenant.set(tenant, { octets: held.octets - size, count: held.count - 1 });
    } else this.#byTenant.delete(tenant);
    this.#octets -= size;
    this.#count -= 1;
  }
}
