import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Dump } from '../../src/load/dump.js';
import { scratch } from '../scratch.js';
import { until } from '../server/harness.js';

it('a message that could not be kept leaves nothing behind', async () => {
  const folder = join(await scratch(), 'dump');
  const dump = new Dump(folder, '');
  const message = dump.open();
  // The folder is not there yet: the stream fails, and closes by itself.
  await expect(message.keep(null)).rejects.toThrow('ENOENT');
  await new Promise((resolve) => setImmediate(resolve));
  await dump.prepare();
  const part = join(folder, '00000001.part');
  await writeFile(part, 'half of it');
  message.drop();
  await until('it is gone', () => !existsSync(part));
});
