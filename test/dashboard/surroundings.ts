// The clock of the server, which a test can put ahead.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Running } from '../e2e/gateway-process.js';

const MODULE = pathToFileURL(join(import.meta.dirname, 'clock-of-server.mjs')).href;
const FILE = join(mkdtempSync(join(tmpdir(), 'postern-clock-')), 'ahead');

/** What a server is started with, so that {@link putAhead} works. */
export const MOVABLE_CLOCK = { NODE_OPTIONS: `--import=${MODULE}`, TEST_CLOCK_FILE: FILE };

/** Puts the clock of the server so many milliseconds ahead of the real time. */
export function putAhead({ child }: Running, milliseconds: number): void {
  writeFileSync(FILE, String(milliseconds));
  child.kill('SIGUSR2');
}
