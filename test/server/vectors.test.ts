/**
 * Invariant: what the core does with a dialogue, the server does over a socket, plain and TLS, however the
 * octets are cut into packets.
 *
 * POSTERN_ALL_CUTS=1 tries every cut that the core is tried with; by default a few of each kind.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/protocol/index.js';
import { check } from '../vectors/check.js';
import { type Cut, cutsOf } from '../vectors/cuts.js';
import { parseVectors, type Vector } from '../vectors/format.js';
import { settingOf } from '../vectors/options.js';
import { expectNoTrouble } from './harness.js';
import { socketDriver } from './socket-driver.js';

expectNoTrouble();

const ALL = process.env['POSTERN_ALL_CUTS'] === '1';
/** Dialogues longer than this are not sent octet by octet: each is a packet. */
const LONG = 3_000;

const folder = new URL('../vectors/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.vec'));

function cutsFor({ segments }: Vector, link: Link): Cut[] {
  const octets = segments.map((segment) => segment.octets);
  const [whole, single, random, ...others] = cutsOf(octets);
  if (whole === undefined || single === undefined || random === undefined) throw new Error('no cuts');
  if (octets.join('').length > LONG) return [whole, ...(ALL ? others.slice(-10) : [])];
  if (ALL) return [whole, single, random, ...others];
  return link === 'plain' ? [whole, single, random] : [whole, random];
}

describe.each(files)('%s', (file) => {
  for (const vector of parseVectors(readFileSync(new URL(file, folder), 'utf8'))) {
    const { link, early } = settingOf(vector);
    // Over a socket it is unknown which octets came before the greeting, and the handler cannot refuse STARTTLS.
    if (early || vector.verdicts.has('starttls')) continue;
    for (const start of ['plain', 'tls'] as const) {
      if (link !== undefined && link !== start) continue;
      it(`${vector.title} (${start})`, async () => {
        for (const cut of cutsFor(vector, start)) {
          const outcome = await socketDriver.drive(vector, cut, start);
          check(vector, outcome);
          expect(outcome.closed, cut.name).toBe(vector.ending !== 'inStep');
        }
      }, 120_000);
    }
  }
});
