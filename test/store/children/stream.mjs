// Streams the first half of a large message, says so, and waits to be killed.
import { openStore, say } from './common.mjs';

const store = await openStore(process.argv[2], { chunkOctets: 10_000, inFlightOctets: 50_000 });
const draft = store.open();
for (let sent = 0; sent < 1_000_000; sent += 10_000) await draft.write(new Uint8Array(10_000).fill(7));
say(`streaming ${draft.id}`);
setInterval(() => undefined, 1000);
