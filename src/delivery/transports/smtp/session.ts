import { Connection, type Extensions } from '../../../client/parts.js';
import type { Pooled } from './pool.js';
import type { Shipment } from '../transport.js';
import { type Answer, answersOf, isUndecided } from './answers.js';
import { endingIf, openContent } from './content.js';
import type { Envelope } from './envelope.js';
import { phaseWords, setupErrorOf } from './errors.js';
import type { SessionOptions } from './options.js';

/** The result of one transaction. */
export interface Answers {
  /** The outcomes of the recipients to which the envelope sends, by position. */
  readonly answers: ReadonlyMap<number, Answer>;
  /** Whether the connection was lost before anything was decided, so that another connection may work. */
  readonly stale: boolean;
}

/** A connection to a remote server that carries messages, one after the other. */
export class Session implements Pooled {
  private constructor(
    private readonly connection: Connection,
    private readonly options: SessionOptions,
  ) {}

  /**
   * Connects, sends EHLO, starts TLS and authenticates.
   *
   * @throws SetupError that says where it failed, or StoppedError if the signal is aborted
   */
  static async open(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    const { host, port, path, address, hello, lmtp, tls, verify, ca, credentials, limits, shared } = options;
    try {
      const connection = await Connection.open(
        {
          host,
          port,
          path,
          addresses: address === undefined ? undefined : [address],
          implicitTls: tls === 'implicit',
          startTls: tls === 'required' ? true : tls === 'optional' ? 'optional' : false,
          tls: { verify, ca },
          timeouts: limits,
          hello,
          lmtp,
          credentials: credentials ?? undefined,
          signal,
          messages: limits.messages,
          messageTimeout: limits.message,
          onCut: (error) => options.onCut?.({ host, phase: phaseWords(error.phase), reason: error.message }),
        },
        shared,
      );
      return new Session(connection, options);
    } catch (error) {
      throw setupErrorOf(error, options);
    }
  }

  get extensions(): Extensions {
    return this.connection.extensions;
  }

  /** Version and cipher of TLS; null without TLS. */
  get tls(): string | null {
    return this.connection.tls;
  }

  /** Whether the connection has TLS with a certificate that proves which server it is. */
  get verified(): boolean {
    return this.options.trusted && this.connection.authorized;
  }

  /** The server's name. */
  get host(): string {
    return this.options.host;
  }

  get usable(): boolean {
    return this.connection.usable;
  }

  get ended(): Promise<void> {
    return this.connection.ended;
  }

  /**
   * Sends a message. Rejects if its content rejects; the connection is closed then.
   *
   * @param binary whether the content goes by BDAT
   */
  async deliver(
    envelope: Envelope,
    shipment: Pick<Shipment, 'size' | 'content' | 'whole' | 'isHeld'>,
    binary: boolean,
  ): Promise<Answers> {
    const reused = this.connection.used;
    const { isHeld = () => true } = shipment;
    const content = endingIf(await openContent(shipment, binary), isHeld, () => this.destroy());
    const recipients: string[] = [];
    for (const { command } of envelope.recipients) recipients.push(command);
    const result = await this.connection.send({ mail: envelope.mail, recipients, content });
    return {
      answers: answersOf(result, envelope, this.options),
      stale: reused && isUndecided(result),
    };
  }

  quit(): void {
    this.connection.quit();
  }

  destroy(): void {
    this.connection.destroy();
  }
}
