// Commits messages of all sizes as fast as it can, and says of each when it is durable: id and hash.
import { createHash, randomBytes } from 'node:crypto';
import { message, openStore, say, theDomain } from './common.mjs';

const [directory, senders] = process.argv.slice(2);
const store = await openStore(directory, { chunkOctets: 4096, inFlightOctets: 100_000 });
const domain = await theDomain(store);
say('ready');

async function send() {
  for (;;) {
    const content = randomBytes(Math.floor(Math.random() ** 3 * 40_000));
    const draft = store.open();
    for (let at = 0; at < content.length; at += 3000) await draft.write(content.subarray(at, at + 3000));
    await draft.commit(message(domain.id));
    say(`${draft.id} ${createHash('sha256').update(content).digest('hex')}`);
  }
}
await Promise.all(Array.from({ length: Number(senders) }, send));
