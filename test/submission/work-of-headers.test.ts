/**
 * Invariant: whatever a header section contains, acceptance and DKIM do a bounded number of steps for each of its
 * octets.
 *
 * Steps are counted and not timed. V8 counts how often each block of our code runs (as coverage tools do), so that no
 * code exists for the test alone. Native methods that read their whole input are counted by its length. This test
 * guards against a search in a list, inside a loop over fields.
 */
import { generateKeyPairSync } from 'node:crypto';
import { type Profiler, Session } from 'node:inspector';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { TRACE } from '../message/trace.js';
import { HEADER_SHAPES } from '../shapes/headers.mjs';

/** The most steps per octet, and for a section of any length. Measured: 38 at most, for fields of one letter. */
const STEPS_PER_OCTET = 60;
const STEPS = 20_000;

const inspector = new Session();
const ask = (method: string, parameters: object = {}): unknown => {
  let result: unknown;
  inspector.post(method, parameters, (error, answer) => {
    if (error !== null) throw error;
    result = answer;
  });
  return result;
};

/** Number of octets or entries that native methods had to read. */
let native = 0;

beforeAll(() => {
  inspector.connect();
  ask('Profiler.enable');
  ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  for (const method of ['includes', 'indexOf', 'slice', 'sort', 'unshift', 'splice'] as const) {
    const real = Array.prototype[method] as (...args: unknown[]) => unknown;
    vi.spyOn(Array.prototype, method as 'includes').mockImplementation(function (this: unknown[], ...args) {
      native += this.length;
      return real.apply(this, args) as never;
    });
  }
});

afterAll(() => {
  vi.restoreAllMocks();
  inspector.disconnect();
});

const OURS = /\/dist\/(?:message|submission|delivery\/dkim)\//;

/** Counts the steps that acceptance and then DKIM take for a section. */
async function workOf(section: Buffer): Promise<{ readonly steps: number; readonly grown: number }> {
  const { HeaderRefusal, rewriteHeader } = await import('../../src/submission/rewrite.js');
  const { HeaderSection } = await import('../../src/message/section.js');
  const { waivesTls } = await import('../../src/message/tls-required.js');
  const { fieldsToSign, signatureField } = await import('../../src/delivery/dkim/signature.js');
  ask('Profiler.takePreciseCoverage');
  native = 0;
  let octets = section;
  try {
    octets = rewriteHeader(section, { domain: 'example.com', trace: { ...TRACE, utf8: true } }).octets;
  } catch (error) {
    if (!(error instanceof HeaderRefusal)) throw error;
    return { steps: stepsTaken(), grown: 0 };
  }
  const stored = octets.subarray(0, -2);
  waivesTls(stored);
  const fields = fieldsToSign(HeaderSection.parse(stored));
  const signature = await signatureField(KEY, fields, 'x', 0);
  return { steps: stepsTaken(), grown: octets.length + signature.length - section.length };
}

function stepsTaken(): number {
  const { result } = ask('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
  let steps = native;
  for (const { url, functions } of result) {
    if (!OURS.test(url)) continue;
    for (const { ranges } of functions) for (const { count } of ranges) steps += count;
  }
  return steps;
}

const KEY = {
  domain: 'example.com',
  selector: 's',
  algorithm: 'ed25519-sha256' as const,
  privateKey: generateKeyPairSync('ed25519').privateKey,
};

function check({ steps, grown }: Awaited<ReturnType<typeof workOf>>, octets: number): void {
  expect(steps).toBeLessThan(STEPS + STEPS_PER_OCTET * octets);
  // The addition is Received, Date, Message-ID and a signature, whose list of fields has a limit.
  expect(grown).toBeLessThan(8 * 1024);
}

it.each(HEADER_SHAPES)('$name', async ({ section }) => {
  for (const octets of [4 * 1024, 256 * 1024]) {
    check(await workOf(Buffer.from(section(octets), 'latin1')), octets);
  }
});

const piece = fc.constantFrom(
  ...[
    'Bcc:',
    'To:',
    'To: a@b\r\n',
    'Subject:',
    'From:',
    'X-OMS-Tags:',
    'X-List-Unsubscribe:',
    'Received:',
    'a:',
  ],
  ...[
    '\r\n',
    '\r\n',
    '\r\n ',
    '\r\n\t',
    ' ',
    '(',
    ')',
    '"',
    '\\',
    '<',
    '>',
    '@',
    ',',
    ';',
    ':',
    '.',
    'a',
    'a@b.example',
  ],
  ...[
    '=?utf-8?q?',
    '=?x?b?',
    '=?iso-2022-jp?b?GyRC',
    '?=',
    '=',
    '_',
    '\xc3\xbc',
    '\xff',
    '<https://a/>',
    '[',
    ']',
  ],
);

it('any repetition of pieces of fields', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { minLength: 1, maxLength: 6 }),
      fc.array(piece, { maxLength: 4 }),
      fc.array(piece, { maxLength: 4 }),
      async (unit, before, after) => {
        const once = unit.join('');
        const middle = once.repeat(Math.ceil((32 * 1024) / once.length));
        const section = `From: app@example.com\r\n${before.join('')}${middle}${after.join('')}\r\n`;
        check(await workOf(Buffer.from(section, 'latin1')), section.length);
      },
    ),
    { numRuns: 150 },
  );
});
