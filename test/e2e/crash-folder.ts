import { expect } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import type { Waiting } from '../../src/store/queue.js';
import { accept, spawnPostern } from '../cli/postern.js';
import type { RemoteServer } from '../delivery/remote-server.js';
import { scratch } from '../scratch.js';
import { GatewayProcess } from './gateway-process.js';
import { QUICK } from './sending.js';

/** A data folder with a domain, to which messages are added while no server runs, and what waits in it. */
export class CrashFolder {
  readonly innocents: string[] = [];

  private constructor(readonly data: string) {}

  static async create(): Promise<CrashFolder> {
    const data = `${await scratch()}/data`;
    const added = await spawnPostern(['domain', 'add', 'example.com'], {
      environment: { POSTERN_DATA: data },
    });
    expect(added.exitCode, added.stderr).toBe(0);
    return new CrashFolder(data);
  }

  /** Adds innocent messages, and before them one to each of `others`. */
  async add(count: number, ...others: readonly string[]): Promise<void> {
    await this.addTo(
      Array.from({ length: count }, (_, n) => `to-${this.innocents.length + n}@example.net`),
      ...others,
    );
  }

  /** Adds an innocent message to each of `addresses`, and before them one to each of `others`. */
  async addTo(addresses: readonly string[], ...others: readonly string[]): Promise<void> {
    this.innocents.push(...addresses);
    const store = await openSqliteStore({ directory: this.data, exclusive: false });
    try {
      const [domain] = await store.domains();
      const message = { status: 'queued', receivedAt: Date.now(), reversePath: '' } as const;
      const [first, ...rest] = [...others, ...addresses].map((forwardPath) => ({
        ...message,
        recipients: [{ forwardPath }],
      }));
      await accept(store, domain?.id ?? 0, first);
      await Promise.all(rest.map((facts) => accept(store, domain?.id ?? 0, facts)));
    } finally {
      await store.close();
    }
  }

  /** Waits until what waits is as it should be, or the server has ended. */
  async until(isSo: (waiting: readonly Waiting[]) => boolean, gateway: GatewayProcess): Promise<void> {
    const ended = { now: false };
    void gateway.exited.then(() => (ended.now = true));
    const store = await openSqliteStore({ directory: this.data, exclusive: false });
    try {
      while (!ended.now && !isSo(await store.queue.waiting({ limit: 10_000 }))) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    } finally {
      await store.close();
    }
  }

  /** Returns the addresses of this status. */
  async of(status: 'delivered' | 'bounced'): Promise<string[]> {
    const store = await openSqliteStore({ directory: this.data, exclusive: false });
    try {
      const messages = await store.messages({ limit: 10_000 });
      const all = await Promise.all(messages.map(({ id }) => store.message(id)));
      return all
        .flatMap((message) => message?.recipients ?? [])
        .flatMap((recipient) => (recipient.status === status ? [recipient.forwardPath] : []))
        .sort();
    } finally {
      await store.close();
    }
  }

  gateway(far: RemoteServer, environment: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
    return GatewayProcess.spawn({
      data: this.data,
      environment: {
        ...QUICK,
        POSTERN_DELIVER: `smtp://127.0.0.1:${far.port}?tls=off`,
        ...environment,
      },
    });
  }
}
