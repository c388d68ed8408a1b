// Loaded into the server of a test before its own code. All else is the server as it ships.
//
// - SIGUSR2 puts its clock ahead to what the file TEST_CLOCK says, so that a test need not wait for an hour to be over.
// - It asks the name server TEST_DNS in place of those of the system.
import dns from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const { TEST_CLOCK, TEST_DNS } = process.env;

if (TEST_CLOCK !== undefined) {
  const real = Date.now.bind(Date);
  let ahead = 0;
  Date.now = () => real() + ahead;
  if (isMainThread) process.on('SIGUSR2', () => (ahead = Number(readFileSync(TEST_CLOCK, 'latin1'))));
}

if (TEST_DNS !== undefined) {
  dns.Resolver = class extends dns.Resolver {
    constructor(options) {
      super(options);
      this.setServers([TEST_DNS]);
    }
  };
  syncBuiltinESMExports();
}
