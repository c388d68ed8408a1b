/** One connection to the database. */
import type { Socket } from 'node:net';
import pg from 'pg';
import { StoreError } from '../port.js';
import { cleanText } from './arrays.js';
import { type DatabaseAddress, type Host, placeOf } from './address.js';
import { isRefusal, openingError, operationError, OutcomeUnknown } from './errors.js';

/** The oldest version that the statements are written for: 14. */
const LEAST_VERSION = 140_000;
/** How long one server may take to accept a connection, in milliseconds. */
const CONNECT_MS = 5_000;
/** How long the server may take to answer a statement, in milliseconds; then the connection is given up. */
const ANSWER_MS = 15_000;
/** A transaction that is left open keeps the server from cleaning up, so the server ends it after this time. */
const IDLE_TRANSACTION_MS = 5_000;

const INT8 = 20;
const BYTEA = 17;

/** A statement that is prepared once for each connection. */
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
   * Connects to the first of the hosts that takes writes.
   *
   * @throws StoreError the reason of the last host that answered, or of the last one
   */
  static async open(address: DatabaseAddress): Promise<Connection> {
    let problem: StoreError | null = null;
    for (const host of address.hosts) {
      try {
        return await Connection.#openOn(host, address);
      } catch (error) {
        const failure = openingError(error, placeOf({ ...address, hosts: [host] }));
        // A server that answers with a reason says more than one that cannot be reached.
        if (problem === null || failure.code === 'unreadable') problem = failure;
      }
    }
    throw problem ?? new StoreError('unreadable', 'the URL of the database names no host');
  }

  static async #openOn(host: Host, address: DatabaseAddress): Promise<Connection> {
    const { user, password, database, parameters } = address;
    const place = placeOf({ ...address, hosts: [host] });
    const { sslmode = 'prefer' } = parameters;
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
      connectionTimeoutMillis: CONNECT_MS,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
      keepAlive: true,
      types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
    });
    const connection = new Connection(client, place);
    try {
      await client.connect();
      const { rows } = await client.query<{ version: number; standby: boolean; readOnly: boolean }>(`
        SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,
          current_setting('transaction_read_only')::boolean AS "readOnly"`);
      const [server] = rows;
      if (server === undefined || server.version < LEAST_VERSION) {
        throw new StoreError(
          'unreadable',
          `the server at ${place} is too old: PostgreSQL 14 or newer is needed`,
        );
      }
      if (server.standby || server.readOnly) {
        throw new StoreError('failed', `the database at ${place} is a read-only standby`);
      }
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  /** Runs a statement that is prepared. @throws StoreError, or what the server answered */
  async run<Row>(statement: Statement, values: Values = []): Promise<Answer<Row>> {
    return this.#ask<Row>({ ...statement, values: values.map(cleaned) });
  }

  /** Runs statements without parameters, such as BEGIN. */
  async exec(text: string): Promise<void> {
    await this.#ask({ text });
  }

  async #ask<Row>(query: pg.QueryConfig): Promise<Answer<Row>> {
    if (this.#lost !== null) throw operationError(this.#lost, this.#place);
    const warned = { last: false };
    this.#warned = warned;
    const timer = setTimeout(() => this.destroy(new Error('the server does not answer')), ANSWER_MS);
    try {
      const { rows, rowCount } = await this.#client.query(query);
      if (isSet(warned)) throw new OutcomeUnknown('the wait for a standby was cancelled');
      return { rows: rows as Row[], count: rowCount ?? 0 };
    } catch (error) {
      if (error instanceof StoreError || isRefusal(error)) throw error;
      this.destroy(error instanceof Error ? error : undefined);
      throw new OutcomeUnknown(`the connection to ${this.#place} was lost: ${String(error)}`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
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
