import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mailCommand } from '../../client/parts.js';
import type { Plan, User } from '../../load/index.js';
import { CliError } from '../error.js';
import { address, type BenchOptions } from './bench-plan.js';

/** Octets of all messages together. The generator holds them in memory, in each of its threads. */
const MOST_OCTETS = 256 * 1024 * 1024;
/** Largest file of users in octets: some hundred thousand users. */
const MOST_USERS = 16 * 1024 * 1024;

/** Adds to a plan what the files of `--message` and `--users` hold. */
export async function withFiles(plan: Plan, { message, users }: BenchOptions): Promise<Plan> {
  return {
    ...plan,
    own: message === undefined ? null : await readMessages(message),
    users: users === undefined ? [] : await readUsers(users),
  };
}

/** Reads a message, or all `.eml` files of a folder in the order of their names. */
async function readMessages(path: string): Promise<Uint8Array[]> {
  let files = [path];
  if ((await looked(path)).isDirectory()) {
    files = (await readdir(path))
      .filter((name) => name.toLowerCase().endsWith('.eml'))
      .sort()
      .map((name) => join(path, name));
    if (files.length === 0) throw new CliError(`--message: there is no .eml file in ${path}`);
  }
  const messages: Uint8Array[] = [];
  let octets = 0;
  for (const file of files) {
    octets += (await looked(file)).size;
    if (octets > MOST_OCTETS)
      throw new CliError(`--message: the messages have more than ${MOST_OCTETS} octets`);
    const message = withCrlf(await read(file, '--message'));
    if (message.length === 0) throw new CliError(`--message: ${file} is empty`);
    messages.push(message);
  }
  return messages;
}

/** Reads lines of `USER:PASSWORD` or `USER:PASSWORD FROM`. Blank lines and lines that begin with # are passed over. */
async function readUsers(file: string): Promise<User[]> {
  if ((await looked(file)).size > MOST_USERS)
    throw new CliError(`--users: ${file} has more than ${MOST_USERS} octets`);
  const users: User[] = [];
  const lines = (await read(file, '--users')).toString('utf8').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    // The line itself is not shown, since it holds a password.
    const [, user, password, from = null] = /^\s*([^\s:]+):(\S+)(?:\s+(\S+))?\s*$/.exec(line) ?? [];
    if (user === undefined || password === undefined) {
      throw new CliError(`--users: line ${index + 1} of ${file} is not USER:PASSWORD or USER:PASSWORD FROM`);
    }
    if (from !== null) address(`--users, line ${index + 1}`, from, mailCommand);
    users.push({ user, password, from });
  }
  if (users.length === 0) throw new CliError(`--users: there is no user in ${file}`);
  return users;
}

/** Returns the octets with CRLF for each line end, and one at the end (RFC 5321 2.3.8). */
function withCrlf(octets: Buffer): Buffer {
  if (octets.length === 0) return octets;
  const text = octets.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n');
  return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1');
}

async function looked(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function read(file: string, option: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CliError(`${option}: cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
