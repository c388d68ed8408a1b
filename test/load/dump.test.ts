import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Dump } from '../../src/load/sink/dump.js';
import { scratch } from '../scratch.js';
import { until } from '../server/harness.js';

it('a message that could not be kept leaves nothing behind, and the reason is reported once', async () => {
  const warnings: string[] = [];
  const hear = (warning: Error): number => warnings.push(warning.message);
  process.on('warning', hear);
  onTestFinished(() => void process.off('warning', hear));
  const folder = join(await scratch(), 'dump');
  const dump = new Dump(folder, '');
  const message = dump.open();
  // The folder does not exist yet: the stream fails, and closes by itself.
  await expect(message.keep(null)).rejects.toThrow('ENOENT');
  await new Promise((resolve) => setImmediate(resolve));
  await dump.prepare();
  const part = join(folder, '00000001.part');
  await writeFile(part, 'half of it');
  message.drop();
  await until('it is gone', () => !existsSync(part));
  expect(warnings).toEqual([expect.stringMatching(/^a message could not be kept: ENOENT/)]);
});

it('numbers go on after the messages of an earlier sink, for each thread', async () => {
  const folder = await scratch();
  for (const name of ['00000009.eml', '00000009.json', '1-00000012.part', 'notes.txt']) {
    await writeFile(join(folder, name), 'of earlier');
  }
  for (const prefix of ['', '1-', '2-']) {
    const dump = new Dump(folder, prefix);
    await dump.prepare();
    await dump.open().keep(null);
  }
  const kept = (await readdir(folder)).filter((name) => name.endsWith('.eml'));
  expect(kept.sort()).toEqual(['00000009.eml', '00000010.eml', '1-00000013.eml', '2-00000001.eml']);
  expect(await readFile(join(folder, '00000009.eml'), 'utf8')).toBe('of earlier');
});

it('two sinks in one folder do not replace what the other has kept', async () => {
  const folder = await scratch();
  const [one, other] = [new Dump(folder, ''), new Dump(folder, '')];
  await Promise.all([one.prepare(), other.prepare()]);
  await one.open().keep(null);
  await expect(other.open().keep(null)).rejects.toThrow('EEXIST');
  const name = '00000001';
  await until('nothing is left of it', () => !existsSync(join(folder, `${name}.part`)));
  expect((await readdir(folder)).sort()).toEqual([`${name}.eml`, `${name}.json`]);
  // A file that is being written belongs to the process that began it.
  const begun = one.open();
  await begun.write(Buffer.from('half of it'));
  await until('it is there', () => existsSync(join(folder, '00000002.part')));
  await expect(other.open().keep(null)).rejects.toThrow('EEXIST');
  await begun.keep(null);
  expect(await readFile(join(folder, '00000002.eml'), 'utf8')).toBe('half of it');
});

// No user can make a file there, not even root.
it.skipIf(process.platform !== 'linux')('says at once that it cannot write', async () => {
  await expect(new Dump('/proc/self', '').prepare()).rejects.toThrow(/^E[A-Z]+: /);
});
