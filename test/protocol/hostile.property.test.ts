// Invariant: whatever octets come, the session does not throw; it holds no more than its limits say; it
// answers in whole lines of the catalogue's form; and it stays in step: when the client ends whatever it is
// in (CRLF for a line, CRLF.CRLF for content, its last octet for a chunk), the next command gets its own reply, one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/protocol/index.js';
import { Inbox } from '../../src/protocol/inbox.js';
import { cutAt, dialogue, judgeBy, places, profile, verdicts } from './dialogues.js';
import { octetsOf, Rig } from './session-harness.js';

it('any octets leave the session in step, holding nothing', () => {
  fc.assert(
    fc.property(dialogue, profile, verdicts, places, (octets, options, list, cuts) => {
      const rig = new Rig({ profile: options, judge: judgeBy(list) }).begin();
      for (const piece of cutAt(octets, cuts)) {
        rig.feed(piece);
        if (rig.session.phase !== 'securing') expect(rig.session.unread).toBe(0);
      }
      rig.feed('\r\n.\r\n');
      if (!rig.endChunk()) return;
      if (rig.session.phase === 'securing') rig.session.secured();
      const before = rig.answers.length;
      rig.feed('NOOP\r\n');
      if (!rig.closed) expect(rig.answers.slice(before)).toEqual(['250 2.0.0 Ok']);
      expect(rig.session.inLine).toBe(false);
      expect(rig.replies).toMatch(/^(?:[2-5][0-5]\d[ -][ -~]{0,506}\r\n)*$/);
      expect(rig.events.filter((event) => event.startsWith('close')).length).toBe(rig.closed ? 1 : 0);
    }),
    { numRuns: 3000 },
  );
});

it('content events come between data and its end or abort, and each message ends once', () => {
  fc.assert(
    fc.property(dialogue, profile, verdicts, (octets, options, list) => {
      const rig = new Rig({ profile: options, judge: judgeBy(list) }).begin().feed(octets);
      rig.session.vanish();
      rig.pump();
      let open = false;
      for (const [i, event] of rig.events.entries()) {
        const next = rig.events[i + 1] ?? '';
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
      const inbox = new Inbox();
      for (const size of sizes) {
        inbox.push(octetsOf('x'.repeat(size)));
        inbox.readLine(limit, 10_000);
        expect(inbox.held).toBeLessThanOrEqual(limit + 1);
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
      const rig = new Rig({ profile: { bareNewlines, limits: { messageSize: 1e9, errors: 1e9 } } }).begin();
      rig.feed('EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n');
      let octets = 0;
      for (let sent = 0; sent < 4 * 1024 * 1024; sent += PIECE) {
        // Not by the rig, which writes everything down.
        rig.session.receive(octetsOf(piece));
        for (let event = rig.session.next(); event.type !== 'needOctets'; event = rig.session.next()) {
          if (event.type === 'content') octets += event.octets.length;
        }
        expect(rig.session.unread).toBe(0);
      }
      expect(octets).toBeLessThanOrEqual(8 * 1024 * 1024);
      expect(rig.feed('\r\n.\r\n').session.phase).toBe('ready');
    },
  );
});

it('a line of a megabyte octet by octet, and one without end, are swallowed and cost nothing', () => {
  const rig = new Rig().begin();
  const octet = octetsOf('x');
  for (let i = 0; i < DEFAULT_LIMITS.swallowedLine; i++) rig.session.receive(octet);
  rig.pump();
  expect([rig.closed, rig.session.unread]).toEqual([false, 0]);
  expect(rig.feed('x').codes).toEqual([220, 421]);
});

it('what is piled up while a verdict is out is read afterwards', () => {
  const rig = new Rig({
    judge: (question) => (question.type === 'connect' ? { type: 'accept' } : undefined),
  });
  rig.begin().feed('EHLO c\r\n');
  for (let i = 0; i < 5000; i++) rig.feed('NOOP\r\n');
  expect(rig.session.unread).toBe(30_000);
  rig.decide({ type: 'accept' });
  expect(rig.answers).toHaveLength(5002);
});
