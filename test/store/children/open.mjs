// Opens a store, and says what came of it: `open <folder>`.
import { openStore, say } from './common.mjs';

const [, , directory] = process.argv;
try {
  const store = await openStore(directory);
  await store.close();
  say('opened');
} catch (error) {
  say(error.code);
}
