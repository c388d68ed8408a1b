// Gateways for api.mjs: `postern serve` with its HTTP API over a data folder of fifty domains.
import { createHash, randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSqliteStore } from '../../dist/store/sqlite/index.js';
import { freePort, serve } from '../suite/processes.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Each connection of the API has a domain of its own, since the requests of one are limited. */
export const DOMAINS = 50;

/**
 * Starts a gateway in a new folder.
 *
 * @param program the folder of the compiled program
 */
export async function gateway(program = join(ROOT, 'dist')) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const tokens = Array.from({ length: DOMAINS }, () => randomUUID());
  const store = await openSqliteStore({ directory: folder, exclusive: true });
  for (const [number, token] of tokens.entries()) {
    const digest = createHash('sha256').update(token).digest();
    await store.addDomain(`d${number}.example.com`, digest, Date.now());
  }
  await store.addDomain('example.com', createHash('sha256').update(randomUUID()).digest(), Date.now());
  await store.close();
  const [port, httpPort] = [await freePort(), await freePort()];
  const env = {
    POSTERN_LISTEN: `smtp://127.0.0.1:${port}?tls=off&auth=optional`,
    POSTERN_HTTP_LISTEN: `127.0.0.1:${httpPort}`,
    POSTERN_SMTP_TLS_DETECT: '0',
    POSTERN_SMTP_MAX_CONNECTIONS_PER_ADDRESS: '100000',
    POSTERN_LOG_LEVEL: 'warn',
  };
  const command = ['node', join(program, 'cli/main.js'), 'serve', '--data', folder];
  const server = await serve(command, port, { env, cwd: folder });
  return {
    ...{ pid: server.pid, port, httpPort, tokens },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

const COUNTERS = ['store/sqlite/worker/counters.js', '    accepted(domainId, message, status, size) {'];
const JOURNAL = ['store/sqlite/worker/search-journal.js', '    add(id) {'];
const TIME_SPANS = ['store/sqlite/worker/time-spans.js', '    add(id, receivedAt) {'];
const INDEXER = ['store/sqlite/main/search-indexer.js', '    #schedule(after) {'];

/** What a build can leave out: methods that return at once. */
export const WITHOUT = {
  indexer: [INDEXER],
  all: [COUNTERS, JOURNAL, TIME_SPANS, INDEXER],
};

/**
 * Copies the compiled program without some of its methods. Each must be there once, so that a change of the program does
 * not make the comparison one of the same with the same. Returns the folder, and what removes it.
 */
export function variantWithout(methods) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const program = join(folder, 'dist');
  cpSync(join(ROOT, 'dist'), program, { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [name, head] of methods) {
    const file = join(program, name);
    const text = readFileSync(file, 'utf8');
    if (text.split(head).length !== 2) throw new Error(`${name}: expected "${head}" once`);
    writeFileSync(file, text.replace(head, `${head} return;`));
  }
  return { program, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
