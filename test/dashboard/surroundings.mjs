// Loaded into the server of a test before its own code: SIGUSR2 puts its clock ahead to what the file says, so that a
// test need not wait for an hour to be over. All else is the server as it ships.
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const real = Date.now.bind(Date);
let ahead = 0;
Date.now = () => real() + ahead;
if (isMainThread) {
  process.on('SIGUSR2', () => {
    ahead = Number(readFileSync(process.env.TEST_CLOCK_FILE, 'latin1'));
  });
}
