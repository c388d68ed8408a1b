// Invariant: whatever octets come, the session does not throw; it holds no more than its limits say; it
// answers in whole lines of the catalogue's form; and it stays in step: when the client ends whatever it is
// in (CRLF for a line, CRLF.CRLF for content, its last octet for a chunk), the next command gets its own reply, one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryString } from '../../src/base/octets.js';
import { DEFAULT_LIMITS } from '../../src/protocol/index.js';
import { Inbox } from '../../src/protocol/inbox.js';
import { cutAt, dialogue, judgeBy, places, profile, verdicts } from './dialogues.js';
import { octetsOf, SessionHarness } from './session-harness.js';

it('any octets leave the session in step, holding nothing', () => {
  fc.assert(
    fc.property(dialogue, profile, verdicts, places, (octets, options, list, cuts) => {
      const harness = new SessionHarness({ profile: options, judge: judgeBy(list) }).begin();
      for (const piece of cutAt(octets, cuts)) {
        harness.feed(piece);
        if (harness.session.phase !== 'securing') expect(harness.session.unread).toBe(0);
      }
      harness.feed('\r\n.\r\n');
      if (!harness.endChunk()) return;
      if (harness.session.phase === 'securing') harness.session.secured();
      const before = harness.answers.length;
      harness.feed('NOOP\r\n');
      if (!harness.closed) expect(harness.answers.slice(before)).toEqual(['250 2.0.0 Ok']);
      expect(harness.session.inLine).toBe(false);
      expect(harness.replies).toMatch(/^(?:[2-5][0-5]\d[ -][ -~]{0,506}\r\n)*$/);
      expect(harness.events.filter((event) => event.startsWith('close')).length).toBe(harness.closed ? 1 : 0);
    }),
    { numRuns: 3000 },
  );
});

it('content events come between data and its end or abort, and each message ends once', () => {
  fc.assert(
    fc.property(dialogue, profile, verdicts, (octets, options, list) => {
      const harness = new SessionHarness({ profile: options, judge: judgeBy(list) }).begin().feed(octets);
      harness.session.vanish();
      harness.pump();
      let open = false;
      for (const [i, event] of harness.events.entries()) {
        const next = harness.events[i + 1] ?? '';
        // The verdict on data shows in the reply: a refusal is sent at once.
        if (event === 'data') open = !/^(?:refused DATA|reset|close)/.test(next);
        else if (/^(?:end|abort)/.test(event)) {
          expect(open).toBe(true);
          open = false;
        } else if (event.startsWith('content')) expect(open).toBe(true);
      }
      expect(open).toBe(false);
    }),
    { numRuns: 1500 },
  );
});

it('a line holds no more than its limit and one octet', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40)), fc.integer({ min: 1, max: 50 }), (sizes, limit) => {
      const received = new Set<Uint8Array>();
      // The start of a line is kept in an array of the inbox's own, which becomes text with the rest of the line.
      const inbox = new Inbox((octets, from, to) => {
        if (!received.has(octets)) expect(octets.length).toBeLessThanOrEqual(limit + 1);
        return binaryString(octets, from, to);
      });
      for (const piece of [...sizes.map((size) => octetsOf('x'.repeat(size))), octetsOf('\r\n')]) {
        received.add(piece);
        inbox.push(piece);
        inbox.readLine(limit, 10_000);
        expect(inbox.length).toBe(0);
      }
    }),
  );
});

// Megabytes of what is worst for a search that starts over. Quadratic work would not end in time.
describe.each(['reject', 'normalize'] as const)('four megabytes, %s', (bareNewlines) => {
  const PIECE = 64 * 1024;
  it.each(['\n', '\r', '.\r', '\r\n.x', '\r\n..\r\r', '.\n', '\r\r\n', '\n\r', 'x', '\r\n.\r'])(
    'of %j',
    (unit) => {
      const piece = unit.repeat(PIECE / unit.length);
      const harness = new SessionHarness({
        profile: { bareNewlines, limits: { messageSize: 1e9, errors: 1e9 } },
      }).begin();
      harness.feed('EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n');
      let octets = 0;
      for (let sent = 0; sent < 4 * 1024 * 1024; sent += PIECE) {
        // Not by the harness, which writes everything down.
        harness.session.receive(octetsOf(piece));
        for (
          let event = harness.session.next();
          event.type !== 'needOctets';
          event = harness.session.next()
        ) {
          if (event.type === 'content') octets += event.octets.length;
        }
        expect(harness.session.unread).toBe(0);
      }
      expect(octets).toBeLessThanOrEqual(8 * 1024 * 1024);
      expect(harness.feed('\r\n.\r\n').session.phase).toBe('ready');
    },
  );
});

it('a line of a megabyte octet by octet, and one without end, are swallowed and cost nothing', () => {
  const harness = new SessionHarness().begin();
  const octet = octetsOf('x');
  for (let i = 0; i < DEFAULT_LIMITS.swallowedLine; i++) harness.session.receive(octet);
  harness.pump();
  expect([harness.closed, harness.session.unread]).toEqual([false, 0]);
  expect(harness.feed('x').codes).toEqual([220, 421]);
});

it('what is piled up while a verdict is out is read afterwards', () => {
  const harness = new SessionHarness({
    judge: (question) => (question.type === 'connect' ? { type: 'accept' } : undefined),
  });
  harness.begin().feed('EHLO c\r\n');
  for (let i = 0; i < 5000; i++) harness.feed('NOOP\r\n');
  expect(harness.session.unread).toBe(30_000);
  harness.decide({ type: 'accept' });
  expect(harness.answers).toHaveLength(5002);
});
