// Commits messages and indexes them, and says each step: index.mjs FOLDER PART_MESSAGES
import { Indexing } from '../../../dist/store/sqlite/search/indexing.js';
import { message, openStore, say, theDomain } from './common.mjs';

const [directory, partMessages] = process.argv.slice(2);
// The store of a server would fill the index itself.
const store = await openStore(directory, { exclusive: false });
const domain = await theDomain(store);
const indexing = new Indexing(directory, Number(partMessages));
say('ready');

async function send() {
  for (let number = 0; ; number++) {
    const draft = store.open();
    await draft.write(Buffer.from(`Subject: order ${number}\r\n\r\n`));
    await draft.commit({ ...message(domain.id), subject: `order ${number}` });
  }
}

let indexed = 0;
function index() {
  const { journal } = indexing.step();
  if (journal !== indexed) say(`indexed ${journal}`);
  indexed = journal;
  setImmediate(index);
}

index();
await Promise.all([send(), send()]);
