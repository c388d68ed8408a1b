// What is around the server of a test: its clock, which can be put ahead, and the name server that it asks.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DnsServer } from '../delivery/dns-server.js';
import type { Running } from '../e2e/gateway-process.js';

const MODULE = pathToFileURL(join(import.meta.dirname, 'surroundings.mjs')).href;
const FILE = join(mkdtempSync(join(tmpdir(), 'postern-clock-')), 'ahead');

/** The environment of a server whose clock {@link putAhead} can change. */
export const MOVABLE_CLOCK = { NODE_OPTIONS: `--import=${MODULE}`, TEST_CLOCK: FILE };

/** Puts the clock of the server so many milliseconds ahead of the real time. */
export function putAhead({ child }: Running, milliseconds: number): void {
  writeFileSync(FILE, String(milliseconds));
  child.kill('SIGUSR2');
}

/** Starts a name server without any name, and returns it with the environment of a server that asks it. */
export async function ownDns(): Promise<{
  readonly dns: DnsServer;
  readonly environment: Readonly<Record<string, string>>;
}> {
  const dns = await DnsServer.open();
  return { dns, environment: { NODE_OPTIONS: `--import=${MODULE}`, TEST_DNS: dns.address } };
}
