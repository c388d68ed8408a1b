/** Turns the errors of PostgreSQL and of the connection into the store's own errors, which operators read. */
import { StoreError } from '../port.js';

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

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Returns the error with which a call of the store rejects. */
export function operationError(error: unknown, place: string): StoreError {
  if (error instanceof StoreError) return error;
  const options = { cause: error };
  switch (sqlState(error)) {
    case FULL:
      return new StoreError('full', `no room left for the database at ${place}: ${reason(error)}`, options);
    case TOO_MANY_CONNECTIONS:
      return new StoreError(
        'failed',
        `the database at ${place} has no free connection: ${reason(error)}; raise max_connections there`,
        options,
      );
    case READ_ONLY:
      return new StoreError('failed', `the database at ${place} is a read-only standby`, options);
    default:
      return new StoreError('failed', `the database at ${place} failed: ${reason(error)}`, options);
  }
}

/** Returns the error with which a database that cannot be opened is refused. It says what to do. */
export function openingError(error: unknown, place: string): StoreError {
  if (error instanceof StoreError) return error;
  const options = { cause: error };
  const unreadable = (text: string): StoreError => new StoreError('unreadable', text, options);
  switch (sqlState(error)) {
    case '28P01':
    case '28000':
      return unreadable(`the database at ${place} refuses the user or the password (${reason(error)})`);
    case '3D000':
      return unreadable(`the database at ${place} does not exist; create it with CREATE DATABASE`);
    case '42501':
      return unreadable(
        `the user may not create tables in the database at ${place} (${reason(error)}); make it the owner of the database`,
      );
    case '08P01':
      return unreadable(
        `${place} refuses a setting of the connection (${reason(error)}); if that is a pool, it must pool by session`,
      );
    default:
      return operationError(error, place);
  }
}
