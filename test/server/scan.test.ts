// Invariant: the scan in WebAssembly and the portable one say the same of any octets, from any offset to any
// other, however they lie to its blocks of sixteen and its windows; and a process that cannot have the one
// takes mail with the other.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PortableScan, type Scan } from '../../src/protocol/index.js';
import { fastestScan, NodeScan, SimdScan } from '../../src/server/platform/scan.js';
import { expectNoTrouble, serve } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const root = new URL('../../', import.meta.url);
const portable = new PortableScan();
const fastest = fastestScan();

/** After it the first window of a search is short, after the other it is as long as can be. */
const SHORT_SEARCH = Buffer.from(`${'x'.repeat(200)}\n`, 'latin1');
const LONG_SEARCH = Buffer.alloc(65_536, 'x');

/** All results of a search. */
const stopOf = (scan: Scan, octets: Uint8Array, from: number, to: number, dots: boolean): string =>
  `${scan.stop(octets, from, to, dots)} after ${scan.lines}`;

const GOOD = ['\r\n', '\r\n', '\r\n..', 'x', '.', '\x01', '\xff', 'text\r\n', 'seventeen octets.'];
/** Rich in line ends, with few octets that end a search: else none would come far. */
const good = fc.array(fc.constantFrom(...GOOD), { maxLength: 60 }).map((parts) => parts.join(''));
const any = fc
  .array(fc.constantFrom('\r', '\n', '.', 'a', '\0', '\r\n', '\r\n.', '\x8d', '\x0b'), { maxLength: 30 })
  .map((parts) => parts.join(''));

describe('the scan in WebAssembly', () => {
  it('is what this process has', () => {
    expect(fastest).toBeInstanceOf(SimdScan);
    expect(fastestScan()).toBe(fastest);
  });

  it('says what the portable one says', () => {
    const pieces = fc.record({
      // Dots behind line ends are put off: most searches would end at the first.
      before: fc.tuple(fc.nat({ max: 40 }), good),
      length: fc.nat({ max: 600 }),
      text: any,
      after: good,
      from: fc.nat({ max: 40 }),
      cut: fc.nat({ max: 20 }),
      dots: fc.boolean(),
    });
    fc.assert(
      fc.property(pieces, ({ before: [filled, line], length, text, after, from, cut, dots }) => {
        const whole = '-'.repeat(filled) + line.repeat(8) + '-'.repeat(length) + text + after.repeat(8);
        const octets = Buffer.from(whole, 'latin1');
        const to = Math.max(octets.length - cut, 0);
        // A search does not begin within a CRLF.
        const start = Math.min(octets[from] === 0x0a ? from + 1 : from, to);
        expect(stopOf(fastest, octets, start, to, dots)).toBe(stopOf(portable, octets, start, to, dots));
        expect(fastest.dotLine(octets, start)).toBe(portable.dotLine(octets, start));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    '\r',
    '\n',
    '\r\n',
    '\n\r',
    '\r\r\n',
    '\r\n.',
    '\n.',
    '\r.',
    '.',
    '\0',
    '\r\0',
    '\0\n',
    '\r\n\0.',
  ])('sees %j wherever it stands, and does not mind where the search begins and ends', (text) => {
    for (const border of [80, 272, 512, 512 + 4096, 512 + 4096 + 32_768, 512 + 4096 + 32_768 + 65_536]) {
      for (let offset = -20; offset <= 20; offset++) {
        const octets = Buffer.alloc(border + 40, 'x');
        octets.write(text, border + offset, 'latin1');
        for (const from of [0, 1, 15]) {
          for (const to of [octets.length, border, border + 1, border + offset + 1]) {
            const expected = stopOf(portable, octets, from, to, true);
            // The first window is as long as the search before makes it expect.
            for (const before of [SHORT_SEARCH, LONG_SEARCH]) {
              fastest.stop(before, 0, before.length, true);
              expect(stopOf(fastest, octets, from, to, true), `${offset} ${from} ${to}`).toBe(expected);
            }
          }
        }
      }
    }
  });

  it('keeps nothing of a piece for the next one', () => {
    const long = Buffer.alloc(5000, 'a\r\n.b');
    for (const length of [300, 301, 302, 4097]) {
      expect(fastest.stop(long, 0, long.length, false)).toBe(-1);
      expect(fastest.stop(Buffer.alloc(length, '.'), 0, length, true)).toBe(-1);
      expect(fastest.lines).toBe(0);
    }
  });

  it('takes a view that is no Buffer', () => {
    const octets = new Uint8Array(1000).fill(0x61).subarray(7);
    octets.set([0x0d, 0x0a, 0x2e], 500);
    expect([fastest.stop(octets, 0, octets.length, true), fastest.lines]).toEqual([502, 1]);
    expect([fastest.dotLine(octets, 0), new NodeScan().dotLine(octets, 501)]).toEqual([502, -1]);
  });

  it('is assembled from its text', async () => {
    const { assembled } = (await import(new URL('./assemble-scan.mjs', import.meta.url).href)) as {
      assembled: () => Promise<string>;
    };
    expect(readFileSync(new URL('src/server/platform/scan-module.ts', root), 'utf8')).toBe(await assembled());
  });
});

describe('a process without it', () => {
  const scanFile = new URL('dist/server/platform/scan.js', root).href;
  const program = `
    const { fastestScan } = await import(${JSON.stringify(scanFile)});
    const scan = fastestScan();
    const octets = Buffer.from('line\\r\\n'.repeat(100) + '\\n');
    console.log(scan.constructor.name, scan.stop(octets, 0, octets.length, true), scan.lines);
  `;
  const run = (flags: readonly string[], first = ''): string =>
    execFileSync(process.execPath, [...flags, '--input-type=module', '-e', first + program], {
      cwd: fileURLToPath(root),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();

  it.each([
    ['that may make no code', ['--jitless'], ''],
    ['that has no WebAssembly', [], 'delete globalThis.WebAssembly;'],
    [
      'whose processor has no SIMD',
      [],
      'WebAssembly.Module = class { constructor() { throw new Error(); } };',
    ],
    [
      'that has no room for its memory',
      [],
      'WebAssembly.Instance = class { constructor() { throw new RangeError(); } };',
    ],
  ])('%s searches natively', (_, flags, first) => {
    expect(run(flags, first)).toBe('NodeScan 600 100');
  });
});

describe('large content', () => {
  const LINE = `${'x'.repeat(70)}\r\n`;
  const begin = ['> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 354'];

  it('comes out as it was meant, dots and all', async () => {
    let content = '';
    const { port } = await serve({
      onData: async (_, body) => {
        for await (const octets of body) content += Buffer.from(octets).toString('latin1');
      },
    });
    const talk = await Talk.greeted(port);
    await talk.play(...begin);
    const text = `${LINE.repeat(900)}.one\r\n..two\r\n${LINE.repeat(20)}.\r\n`.repeat(4);
    talk.write(text.replace(/^\./gm, '..') + '.\r\n');
    expect(await talk.reply()).toMatch(/^250 /);
    expect(content === text).toBe(true);
  });

  it.each([
    ['LF', 'a\nb'],
    ['CR', 'a\rb'],
  ])('is refused for a bare %s far in it', async (name, bare) => {
    const { port } = await serve();
    const talk = await Talk.greeted(port);
    await talk.play(...begin);
    talk.write(`${LINE.repeat(5000)}${bare}\r\n${LINE.repeat(5000)}.\r\n`);
    expect(await talk.reply()).toMatch(new RegExp(`^550 5\\.6\\.0 Bare ${name} in line 5001 `));
    await talk.play('> NOOP', '< 250');
  });
});
