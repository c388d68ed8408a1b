// Runs on a device of a few MiB: fills it, sees what the store says, makes room, sees that it goes on.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { message, openStore, say, theDomain } from './common.mjs';

const directory = process.argv[2];
const ballast = join(directory, 'ballast');
const store = await openStore(directory, { chunkOctets: 65_536, inFlightOctets: 1_000_000 });
const domain = await theDomain(store);
writeFileSync(ballast, new Uint8Array(4 * 1024 * 1024));

async function accept(octets) {
  const draft = store.open();
  for (let at = 0; at < octets; at += 50_000) {
    await draft.write(new Uint8Array(Math.min(50_000, octets - at)).fill(3));
  }
  await draft.commit(message(domain.id));
  return draft.id;
}

async function lengthOf(id) {
  let length = 0;
  for await (const chunk of store.content(id)) length += chunk.length;
  return length;
}

const stored = [];
let refused = null;
while (refused === null) {
  await accept(100_000).then(
    (id) => stored.push(id),
    (error) => (refused = error),
  );
}
say(`small ${refused.code} ${stored.length > 0}`);
say(`large ${await accept(3_000_000).catch((error) => error.code)}`);
// A crowd, so that the writes share a transaction that fails.
const crowd = await Promise.allSettled(Array.from({ length: 8 }, () => accept(60_000)));
say(`crowd ${crowd.every(({ status, reason }) => status === 'fulfilled' || reason.code === 'full')}`);
say(`readable ${(await store.messages({ limit: 1 })).length}`);

rmSync(ballast);
let recovered = null;
for (let attempt = 0; attempt < 50 && typeof recovered !== 'number'; attempt++) {
  recovered = await accept(200_000).catch(() => new Promise((resolve) => setTimeout(resolve, 100)));
}
say(`recovered ${(await lengthOf(recovered)) === 200_000}`);
stored.push(...crowd.flatMap(({ value }) => value ?? []));
let whole = true;
for (const id of stored) whole &&= [100_000, 60_000].includes(await lengthOf(id));
say(`kept ${whole}`);
const listed = (await store.messages({ limit: 10_000 })).map(({ id }) => id).sort();
say(`once ${JSON.stringify(listed) === JSON.stringify([...stored, recovered].sort())}`);
await store.close();
