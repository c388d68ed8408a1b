// Invariant: the replies, the events and what is stored of a dialogue do not depend on how its octets are
// cut; and after each case that does not close, the next command is read as a command.
//
// Every case of the .vec files beside this one runs on the core, on a plain link and on a TLS link, in one
// write, octet by octet, cut at every boundary, and at random.
import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { check } from './check.js';
import { cutsOf } from './cuts.js';
import { coreDriver } from './drive.js';
import { parseVectors } from './format.js';
import { settingOf } from './options.js';

const folder = new URL('./', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.vec'));

describe.each(files)('%s', (file) => {
  for (const vector of parseVectors(readFileSync(new URL(file, folder), 'utf8'))) {
    const { link, early } = settingOf(vector);
    for (const start of ['plain', 'tls'] as const) {
      if (link !== undefined && link !== start) continue;
      it(`${vector.title} (${start})`, async () => {
        const [whole, ...others] = early ? cutsOf([]) : cutsOf(vector.segments.map(({ octets }) => octets));
        if (whole === undefined) throw new Error('there is always the whole');
        const outcome = await coreDriver.drive(vector, whole, start);
        check(vector, outcome);
        for (const cut of others) {
          const other = await coreDriver.drive(vector, cut, start);
          // The matcher is slow, and nearly always says yes.
          if (!isDeepStrictEqual(other, outcome)) expect(other, cut.name).toEqual(outcome);
        }
      });
    }
  }
});
