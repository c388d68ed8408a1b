import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { runStoreContract } from './contract.js';
import { tempFolder } from './fixtures.js';

runStoreContract('sqlite', () => {
  const folder = tempFolder();
  return Promise.resolve({
    open: (tuning) => openSqliteStore({ directory: folder.path, exclusive: true, ...tuning }),
    remove: () => {
      folder.remove();
      return Promise.resolve();
    },
  });
});
