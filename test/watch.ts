/** Waits for something that comes piece by piece: looked at anew with each piece, and no longer than a deadline. */
export class Watch {
  #look: (() => void) | null = null;

  /** Something came. */
  came(): void {
    this.#look?.();
  }

  /** Waits until `there` says yes; false where that took longer than `timeout`, in milliseconds. */
  async until(there: () => boolean, timeout: number): Promise<boolean> {
    const deadline = Date.now() + timeout;
    while (!there()) {
      const left = deadline - Date.now();
      if (left <= 0) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#look = () => {
          clearTimeout(timer);
          this.#look = null;
          resolve();
        };
      });
    }
    return true;
  }
}
