// The vectors in three cuts each, on one link, for the mutation run: a mutant that survives is asked them all.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { check } from '../vectors/check.js';
import { cutsOf } from '../vectors/cuts.js';
import { coreDriver } from '../vectors/drive.js';
import { parseVectors, type Vector } from '../vectors/format.js';
import { settingOf } from '../vectors/options.js';

/** Longer dialogues are not cut into single octets. */
const LONG = 3_000;

const folder = new URL('../vectors/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.vec'));

it.each(files.flatMap(vectorsOf))('%s: %s', async (_file, _title, vector) => {
  const { link, early } = settingOf(vector);
  const octets = vector.segments.map((segment) => segment.octets);
  const [whole, single, random] = cutsOf(early ? [] : octets);
  if (whole === undefined || single === undefined || random === undefined) throw new Error('no cuts');
  const cuts = octets.join('').length > LONG ? [whole, random] : [whole, single, random];
  const first = await coreDriver.drive(vector, whole, link ?? 'plain');
  check(vector, first);
  for (const cut of cuts.slice(1)) {
    expect(await coreDriver.drive(vector, cut, link ?? 'plain')).toEqual(first);
  }
});

function vectorsOf(file: string): [string, string, Vector][] {
  const vectors = parseVectors(readFileSync(new URL(file, folder), 'utf8'));
  return vectors.map((vector) => [file, vector.title, vector]);
}
