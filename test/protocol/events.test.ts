// Compares all events of a dialogue, while a vector names only some of them.
import { describe, expect, it } from 'vitest';
import { ACCEPT, reply } from '../../src/protocol/parts.js';
import { SessionHarness, acceptAll } from './session-harness.js';

/** All events without the arguments of questions. */
function eventsOf(harness: SessionHarness): string[] {
  return harness.events.map((event) => event.split(' ').slice(0, 2).join(' ').trim());
}

const ENVELOPE = 'EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<c@y.example>\r\n';
const OPENED = ['connect', 'hello EHLO', 'mail <>', 'rcpt b@y.example', 'rcpt c@y.example'];

describe('all events of a dialogue', () => {
  it('of a message', () => {
    const harness = new SessionHarness().begin().feed(`${ENVELOPE}DATA\r\na\r\n.\r\nQUIT\r\n`);
    expect(eventsOf(harness)).toEqual([...OPENED, 'data', 'content a', 'end 3', 'close quit']);
  });

  it('of a message that is refused on the way, and whose client then goes', () => {
    const harness = new SessionHarness().begin().feed(`${ENVELOPE}DATA\r\na\nb`);
    harness.session.vanish();
    harness.pump();
    expect(eventsOf(harness)).toEqual([...OPENED, 'data', 'content a', 'abort refused', 'close peer']);
  });

  it('of a transaction that is given up, once', () => {
    const harness = new SessionHarness().begin().feed(`${ENVELOPE}RSET\r\nRSET\r\nEHLO a\r\n`);
    expect(eventsOf(harness)).toEqual([...OPENED, 'reset', 'hello EHLO']);
  });

  it('of STARTTLS', () => {
    const harness = new SessionHarness({ profile: { starttls: true } })
      .begin()
      .feed('EHLO a\r\nSTARTTLS\r\n');
    harness.session.secured();
    harness.pump();
    harness.feed('EHLO a\r\nNOOP\r\n');
    expect(eventsOf(harness)).toEqual(['connect', 'hello EHLO', 'starttls', 'secure', 'hello EHLO']);
  });
});

describe('a farewell that waits', () => {
  it('takes the place of a handshake, and is heard in plain text', () => {
    const harness = new SessionHarness({
      profile: { starttls: true },
      judge: (question) => (question.type === 'starttls' ? undefined : acceptAll(question)),
    });
    harness.begin().feed('EHLO a\r\nSTARTTLS\r\n');
    harness.session.shutdown(reply('shuttingDown', { hostname: 'mx.example' }));
    harness.decide(ACCEPT);
    expect(harness.codes).toEqual([220, 250, 421]);
    expect(eventsOf(harness)).toEqual(['connect', 'hello EHLO', 'starttls', 'close shutdown']);
  });

  it('leaves any other question its answer', () => {
    const harness = new SessionHarness({
      judge: (question) => (question.type === 'rcpt' ? undefined : acceptAll(question)),
    });
    harness.begin().feed('EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\n');
    harness.session.shutdown(reply('shuttingDown', { hostname: 'mx.example' }));
    harness.decide(ACCEPT).feed('RSET\r\n');
    expect(harness.codes).toEqual([220, 250, 250, 250, 250, 421]);
  });
});
