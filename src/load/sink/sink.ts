import { setTimeout as sleep } from 'node:timers/promises';
import {
  Certificates,
  type ContentSink,
  createServer,
  type Handler,
  type Listening,
  type Server,
  type Session,
} from '../../server/index.js';
import { type PasswordCredentials, Reply } from '../../protocol/index.js';
import { Dump, type DumpedMessage } from './dump.js';
import { type Fault, faults } from './faults.js';
import { NO_COUNTS, type SinkCounts, type SinkPlan } from './plan.js';

const TEMPFAIL = new Reply(451, '4.3.0', 'Not now: the sink was told to refuse some');
const PERMFAIL = new Reply(554, '5.3.0', 'Not ever: the sink was told to refuse some');
/** More than any client sends by accident. */
const MANY = 1_000_000;

/** A server that takes mail and drops it, or fails it as its plan says. */
export class Sink {
  readonly counts: SinkCounts = { ...NO_COUNTS };
  readonly #server: Server<string>;
  readonly #dump: Dump | null;

  /** @param thread its number among the processes of the plan */
  constructor(
    private readonly plan: SinkPlan,
    thread: number,
  ) {
    this.#dump = plan.dump === null ? null : new Dump(plan.dump, plan.threads === 1 ? '' : `${thread}-`);
    const handler = handlerOf(plan, this.counts, faults(plan, thread), this.#dump);
    this.#server = createServer(handler, {
      ...(plan.auth ? { allowInsecureAuth: true, authOptional: true } : {}),
      hostname: plan.hostname,
      ...(plan.certificate === null ? {} : { certificates: Certificates.load([plan.certificate]) }),
      limits: { messageSize: plan.maxSize, recipients: MANY, errors: MANY },
      admission: { connections: MANY, connectionsPerAddress: MANY },
      dataRate: { octetsPerSecond: 0 },
    });
  }

  /** Opens the ports of the plan in their order. Rejects with Node's error if one cannot be opened. */
  async listen(): Promise<Listening[]> {
    await this.#dump?.prepare();
    const listening: Listening[] = [];
    for (const { path, host, port, ...listener } of this.plan.listeners) {
      const place = path === null ? { host, port } : { path };
      const detect = listener.tls === 'detect' ? { tlsDetectMs: this.plan.tlsDetect } : {};
      listening.push(await this.#server.listen({ ...place, ...listener, ...detect }));
    }
    return listening;
  }

  close(graceMs: number): Promise<void> {
    return this.#server.close(graceMs);
  }
}

type SinkHandler = Handler<string, PasswordCredentials, object, true>;

function handlerOf(plan: SinkPlan, counts: SinkCounts, fate: () => Fault, dump: Dump | null): SinkHandler {
  const waiting: Waiting = new Map();
  return {
    onConnect: () => {
      counts.connections++;
      counts.open++;
    },
    onClose: (session) => {
      counts.open--;
      waiting.get(session)?.abort();
    },
    onRefused: (_, __, reply) => {
      if (reply !== TEMPFAIL && reply !== PERMFAIL) counts.refused++;
    },
    ...(plan.auth ? { onAuth: () => 'anybody' } : {}),
    onContent: (session) => new Taken(session, plan, counts, fate, dump?.open() ?? null, waiting),
  };
}

/** Ends the waits of connections, which would otherwise outlive the connections and keep the process alive. */
type Waiting = Map<Session<string>, AbortController>;

/** The content of one message, which is dropped. */
class Taken implements ContentSink {
  #octets = 0;
  /** When the next octet may be read, in milliseconds. */
  #readable = 0;

  constructor(
    private readonly session: Session<string>,
    private readonly plan: SinkPlan,
    private readonly counts: SinkCounts,
    private readonly fate: () => Fault,
    private readonly dumped: DumpedMessage | null,
    private readonly waiting: Waiting,
  ) {}

  write(octets: Uint8Array): void | Promise<void> {
    this.#octets += octets.length;
    const { slowRead } = this.plan;
    if (slowRead === null) return this.dumped?.write(octets);
    return Promise.all([this.dumped?.write(octets), this.#pace(octets.length, slowRead)]).then(
      () => undefined,
    );
  }

  end(): void | Reply | Promise<void | Reply> {
    const fate = this.fate();
    if (this.plan.delay === 0 && (this.dumped === null || fate !== 'accept')) return this.#meet(fate);
    return this.#meetLater(fate);
  }

  abort(): void {
    this.counts.aborted++;
    this.dumped?.drop();
  }

  async #meetLater(fate: Fault): Promise<void | Reply> {
    if (this.plan.delay > 0 && !(await this.#wait(this.plan.delay))) {
      this.abort();
      return;
    }
    if (fate === 'accept') await this.dumped?.keep(this.session.envelope);
    return this.#meet(fate);
  }

  #meet(fate: Fault): void | Reply {
    const { counts } = this;
    if (fate === 'accept') {
      counts.accepted++;
      counts.octets += this.#octets;
      counts.recipients += this.session.envelope?.recipients.length ?? 0;
      return;
    }
    this.dumped?.drop();
    switch (fate) {
      case 'tempfail':
        counts.tempfailed++;
        return TEMPFAIL;
      case 'permfail':
        counts.permfailed++;
        return PERMFAIL;
      case 'disconnect':
        counts.disconnected++;
        this.session.disconnect();
    }
  }

  /** Waits as long as that many octets take at the given rate. */
  async #pace(octets: number, perSecond: number): Promise<void> {
    const now = performance.now();
    this.#readable = Math.max(now, this.#readable) + (octets / perSecond) * 1000;
    await this.#wait(this.#readable - now);
  }

  /** Resolves to false if the connection closes first. */
  async #wait(ms: number): Promise<boolean> {
    const over = new AbortController();
    this.waiting.set(this.session, over);
    try {
      return await sleep(ms, true, { signal: over.signal });
    } catch {
      return false;
    } finally {
      this.waiting.delete(this.session);
    }
  }
}
