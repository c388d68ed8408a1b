/** One connection to the database. */
import type { Socket } from 'node:net';
import pg from 'pg';
import { StoreError } from '../port.js';
import { cleanText } from './arrays.js';
import { type DatabaseAddress, type Host, placeOf } from './address.js';
import { isReadOnly, isRefusal, openingError, operationError, OutcomeUnknown } from './errors.js';
import { checkServer, FACTS, type ServerFacts, SETTINGS } from './server.js';

/** How long one server may take to accept a connection, in milliseconds. */
const CONNECT_MS = 5_000;
/** How long the server may take to answer a statement, in milliseconds; then the connection is given up. */
const ANSWER_MS = 15_000;

const INT8 = 20;
const BYTEA = 17;

/** A statement that is prepared once for each connection; without a name, it is planned for its values each time. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Values of parameters. A Buffer goes as it is, in the binary format of its type. */
export type Values = readonly (string | number | boolean | null | Buffer)[];

export interface Answer<Row> {
  readonly rows: Row[];
  /** Number of rows that were written or returned. */
  readonly count: number;
}

export class Connection {
  readonly #client: pg.Client;
  readonly #place: string;
  #lost: Error | null = null;
  #facts: ServerFacts | null = null;
  /** The last statement came with a warning: its commit may be lost with this server. */
  #warned: { last: boolean } = { last: false };

  private constructor(client: pg.Client, place: string) {
    this.#client = client;
    this.#place = place;
    client.on('error', (error) => (this.#lost = error));
    client.on('end', () => (this.#lost ??= new Error('the connection has ended')));
    // A commit whose wait for a standby was cancelled "succeeds" with a warning: it may be lost with this server.
    client.on('notice', ({ code }) => {
      if (code === '01000') this.#warned.last = true;
    });
  }

  /**
   * Connects to one host.
   *
   * @throws StoreError, also if it takes no writes
   */
  static async open(host: Host, address: DatabaseAddress): Promise<Connection> {
    const place = placeOf({ ...address, hosts: [host] });
    try {
      return await Connection.#open(host, address, place);
    } catch (error) {
      throw openingError(error, place);
    }
  }

  static async #open(host: Host, address: DatabaseAddress, place: string): Promise<Connection> {
    const { user, password, database, parameters } = address;
    const { sslmode = 'prefer', connect_timeout: seconds } = parameters;
    const client = new pg.Client({
      ...host,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
      ...(database === undefined ? {} : { database }),
      ...(parameters['options'] === undefined ? {} : { options: parameters['options'] }),
      application_name: parameters['application_name'] ?? 'postern',
      ssl:
        sslmode === 'disable' || sslmode === 'prefer'
          ? false
          : { rejectUnauthorized: sslmode.startsWith('verify') },
      connectionTimeoutMillis: seconds === undefined ? CONNECT_MS : Number(seconds) * 1000,
      keepAlive: true,
      types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
    });
    const connection = new Connection(client, place);
    try {
      await client.connect();
      // With more than one statement, the driver returns a list of results.
      const results = (await client.query(
        `${FACTS}; ${SETTINGS}`,
      )) as unknown as pg.QueryResult<ServerFacts>[];
      const [facts] = results[0]?.rows ?? [];
      if (facts === undefined) throw new Error('the server says nothing about itself');
      checkServer(facts, place);
      connection.#facts = facts;
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  /** The parameters that the server reported when the connection was opened. */
  get facts(): ServerFacts {
    if (this.#facts === null) throw new Error('the connection is not open yet');
    return this.#facts;
  }

  /** True if a pool is between this program and the server: it names another process than the one that answers. */
  get isPooled(): boolean {
    return (this.#client as unknown as { processID: number | null }).processID !== this.facts.process;
  }

  /** Runs a statement that is prepared. @throws StoreError, or what the server answered */
  async run<Row>(statement: Statement, values: Values = []): Promise<Answer<Row>> {
    return this.#ask<Row>({ ...statement, values: values.map(cleaned) });
  }

  /**
   * Runs statements without parameters, such as BEGIN.
   *
   * @param time how long the server may take, in milliseconds. Default: {@link ANSWER_MS}
   */
  async exec(text: string, time = ANSWER_MS): Promise<void> {
    await this.#ask({ text }, time);
  }

  async #ask<Row>(query: pg.QueryConfig, time = ANSWER_MS): Promise<Answer<Row>> {
    if (this.#lost !== null) throw operationError(this.#lost, this.#place);
    const warned = { last: false };
    this.#warned = warned;
    const timer = setTimeout(() => this.destroy(new Error('the server does not answer')), time);
    try {
      const { rows, rowCount } = await this.#client.query(query);
      if (isSet(warned)) throw new OutcomeUnknown('the wait for a standby was cancelled');
      return { rows: rows as Row[], count: rowCount ?? 0 };
    } catch (error) {
      // The server has become a standby: the next connection finds the one that takes writes.
      if (isReadOnly(error)) this.destroy();
      if (error instanceof StoreError || isRefusal(error)) throw error;
      this.destroy(error instanceof Error ? error : undefined);
      throw new OutcomeUnknown(`the connection to ${this.#place} was lost: ${String(error)}`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Calls the listener with each notification on a channel, until the connection is lost. */
  async listen(channel: string, listener: (payload: string) => void): Promise<void> {
    this.#client.on('notification', ({ payload = '' }) => {
      listener(payload);
    });
    await this.exec(`LISTEN ${channel}`);
  }

  /** Calls the listener once when the connection is lost or closed. */
  onEnd(listener: () => void): void {
    this.#client.once('end', listener);
  }

  /** Gives the connection up at once. What it was asked is unknown. */
  destroy(reason = new Error('the connection was given up')): void {
    this.#lost ??= reason;
    const { stream } = (this.#client as unknown as { connection: { stream: Socket } }).connection;
    stream.destroy();
  }

  async close(): Promise<void> {
    this.#lost ??= new Error('the connection was closed');
    await this.#client.end().catch(() => undefined);
  }
}

/** Numbers of 64 bits are safe integers here: ids, times and sizes. */
function parserOf(type: number, format?: 'text' | 'binary'): (value: string & Buffer) => unknown {
  if (format !== 'binary' && type === INT8) return Number;
  if (format !== 'binary' && type === BYTEA) {
    return (value) => new Uint8Array(Buffer.from(value.slice(2), 'hex'));
  }
  // The driver's own table also has types that its enumeration lacks.
  const parser: (type: number, format?: 'text' | 'binary') => unknown = pg.types.getTypeParser;
  return parser(type, format) as (value: string & Buffer) => unknown;
}

function cleaned(value: Values[number]): Values[number] {
  return typeof value === 'string' ? cleanText(value) : value;
}

/** A function, since the compiler does not see that the flag changes while the answer is awaited. */
function isSet(flag: { readonly last: boolean }): boolean {
  return flag.last;
}
