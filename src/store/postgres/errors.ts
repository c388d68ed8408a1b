/** Turns the errors of PostgreSQL and of the connection into the store's own errors, which operators read. */
import { StoreError } from '../port.js';
import { readOnlyText } from './server.js';

/** Thrown if it is not known whether a statement took effect: the connection was lost after it was sent. */
export class OutcomeUnknown extends StoreError {
  constructor(message: string, options?: ErrorOptions) {
    super('failed', message, options);
  }
}

/** The SQLSTATE of an error that the server sent (five characters); null for any other error. */
function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  const { code } = error;
  // The driver's own codes and the system's, such as ECONNRESET, have another form.
  return 'severity' in error && typeof code === 'string' && code.length === 5 ? code : null;
}

/**
 * True if the server answered that it did not do the statement. Anything else, such as a lost connection or a server
 * that shuts down (57P01, 57P02, class 08), may have come after its commit.
 */
export function isRefusal(error: unknown): boolean {
  const state = sqlState(error);
  if (state === null) return false;
  if (state.startsWith('08')) return false;
  return state !== '57P01' && state !== '57P02';
}

/** True if the statement failed because of the values of one of its rows, so that each row is worth a try alone. */
export function isAboutData(error: unknown): boolean {
  const state = sqlState(error);
  return state !== null && ['21', '22', '23', '54', 'P0'].includes(state.slice(0, 2));
}

/** True if the same transaction may succeed when it is run again. */
export function mayBeRepeated(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}

const FULL = '53100';
const TOO_MANY_CONNECTIONS = '53300';
const READ_ONLY = '25006';

/** True if the server refuses to write, as a standby does. */
export function isReadOnly(error: unknown): boolean {
  return sqlState(error) === READ_ONLY;
}

/** True if a lock was not to be had in time. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === '55P03';
}

/** True if the server has no connection left for this program. */
export function isTooMany(error: unknown): boolean {
  return sqlState(error) === TOO_MANY_CONNECTIONS;
}

function reason(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}

/** Codes of the system for a server that cannot be reached. */
const UNREACHABLE = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'];

/** Returns the error with which a call of the store rejects. */
export function operationError(error: unknown, place: string): StoreError {
  if (error instanceof StoreError) return error;
  const failed = (text: string): StoreError => new StoreError('failed', text, { cause: error });
  switch (sqlState(error)) {
    case FULL:
      return new StoreError('full', `no room left for the database at ${place}: ${reason(error)}`, {
        cause: error,
      });
    case TOO_MANY_CONNECTIONS:
      return failed(
        `the database at ${place} has no free connection (${reason(error)}); raise max_connections there, or run fewer nodes`,
      );
    case READ_ONLY:
      return failed(readOnlyText(place));
    case '57014':
    case '55P03':
      return failed(
        `a statement took too long at ${place} (${reason(error)}); the server is overloaded, or something holds a lock`,
      );
    case '57P03':
      return failed(`the server at ${place} takes no connections now (${reason(error)}); it is tried again`);
    case '26000':
    case '42P05':
      return failed(transactionPoolText(place));
    default:
      if (UNREACHABLE.includes(systemCode(error))) {
        return failed(
          `no database answers at ${place} (${reason(error)}); check the host, the port and the server`,
        );
      }
      // The driver's own words, without a code.
      if (reason(error) === 'timeout expired')
        return failed(`no answer in time from the database at ${place}`);
      return failed(`the database at ${place} failed: ${reason(error)}`);
  }
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function transactionPoolText(place: string): string {
  return (
    `a pool at ${place} gives each transaction another connection; it must pool by session ` +
    '(PgBouncer: pool_mode = session), or this program must connect to the database itself'
  );
}

/** Returns the error with which a database that cannot be opened is refused. It says what to do. */
export function openingError(error: unknown, place: string): StoreError {
  if (error instanceof StoreError) return error;
  const unreadable = (text: string): StoreError => new StoreError('unreadable', text, { cause: error });
  switch (sqlState(error)) {
    case '28P01':
      return unreadable(
        `the database at ${place} refuses the user or the password (${reason(error)}); check the URL`,
      );
    case '28000':
      return unreadable(
        `the server at ${place} does not let this client in (${reason(error)}); ` +
          (reason(error).includes('no encryption')
            ? 'it may want TLS: add ?sslmode=require to the URL'
            : 'check the user in the URL, and pg_hba.conf there'),
      );
    case '3D000':
      return unreadable(`the database at ${place} does not exist; create it with CREATE DATABASE`);
    case '42501':
      return unreadable(
        `the user may not create tables in the database at ${place} (${reason(error)}); make it the owner of the database`,
      );
    case '08P01':
      return unreadable(
        `${place} refuses the connection (${reason(error)}); if that is a pool, it must know the database and pool by session`,
      );
    default:
      return operationError(error, place);
  }
}
