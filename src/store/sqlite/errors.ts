/** Turns the errors of SQLite and of the file system into the store's own errors, which operators read. */
import { statfsSync } from 'node:fs';
import { StoreError, type StoreErrorCode } from '../port.js';

/** A StoreError as it crosses between threads, which do not keep classes. */
export interface Failure {
  readonly code: StoreErrorCode;
  readonly message: string;
}

/** Thrown if the worker has died: it is not known whether the call was done. */
export class ThreadLost extends StoreError {
  constructor(message: string) {
    super('failed', message);
  }
}

/** SQLite's primary result codes that are handled separately. */
const BUSY = 5;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/** If fewer octets are free, a failed write is put down to lack of space. */
const HARDLY_ANY_ROOM = 1024 * 1024;

/** An error of SQLite's binding. */
function resultCode(error: unknown): number | null {
  if (
    typeof error === 'object' &&
    error !== null &&
    'errcode' in error &&
    typeof error.errcode === 'number'
  ) {
    // Extended codes keep the primary one in their low octet.
    return error.errcode & 0xff;
  }
  return null;
}

/** Returns the system's name of the error, such as ENOENT; null if the error lacks one. */
export function systemCode(error: unknown): string | null {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY;
}

/** Returns true if the database file is damaged. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error);
  // Errors of virtual tables come without a code.
  return (
    code === CORRUPT || code === NOT_A_DATABASE || (code === null && /corrupt|malformed/i.test(reason(error)))
  );
}

function hasHardlyAnyRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < HARDLY_ANY_ROOM;
  } catch {
    return false;
  }
}

function isFull(error: unknown, directory: string): boolean {
  const code = resultCode(error);
  if (code === FULL || systemCode(error) === 'ENOSPC') return true;
  // On a full device the shared-memory file fails to grow with an I/O error of its own.
  return code === IO_ERROR && hasHardlyAnyRoom(directory);
}

/** Returns the error with which a failed operation rejects. */
export function operationError(error: unknown, directory: string): StoreError {
  if (error instanceof StoreError) return error;
  if (isFull(error, directory)) {
    return new StoreError('full', `no room left for the store in ${directory}`, { cause: error });
  }
  return new StoreError('failed', `the store in ${directory} failed: ${reason(error)}`, { cause: error });
}

/** Returns the error with which a store that does not open is refused. */
export function openingError(error: unknown, directory: string): StoreError {
  if (error instanceof StoreError) return error;
  if (isFull(error, directory)) return operationError(error, directory);
  if (isBusy(error)) {
    return new StoreError('failed', `the store in ${directory} is busy; try again`, { cause: error });
  }
  return new StoreError(
    'unreadable',
    `the data folder ${directory} cannot be opened: ${reason(error)}; ` +
      'give a folder that this user may read and write, or restore this one from a backup',
    { cause: error },
  );
}

export function toFailure(error: StoreError): Failure {
  return { code: error.code, message: error.message };
}

export function fromFailure(failure: Failure): StoreError {
  return new StoreError(failure.code, failure.message);
}
