// Compares all events of a dialogue, while a vector names only some of them.
import { describe, expect, it } from 'vitest';
import { ACCEPT, reply } from '../../src/protocol/index.js';
import { Rig, yes } from './session-harness.js';

/** All events without the arguments of questions. */
function told(rig: Rig): string[] {
  return rig.events.map((event) => event.split(' ').slice(0, 2).join(' ').trim());
}

const ENVELOPE = 'EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<c@y.example>\r\n';
const OPENED = ['connect', 'hello EHLO', 'mail <>', 'rcpt b@y.example', 'rcpt c@y.example'];

describe('all events of a dialogue', () => {
  it('of a message', () => {
    const rig = new Rig().begin().feed(`${ENVELOPE}DATA\r\na\r\n.\r\nQUIT\r\n`);
    expect(told(rig)).toEqual([...OPENED, 'data', 'content a', 'end 3', 'close quit']);
  });

  it('of a message that is refused on the way, and whose client then goes', () => {
    const rig = new Rig().begin().feed(`${ENVELOPE}DATA\r\na\nb`);
    rig.session.vanish();
    rig.pump();
    expect(told(rig)).toEqual([...OPENED, 'data', 'content a', 'abort refused', 'close peer']);
  });

  it('of a transaction that is given up, once', () => {
    const rig = new Rig().begin().feed(`${ENVELOPE}RSET\r\nRSET\r\nEHLO a\r\n`);
    expect(told(rig)).toEqual([...OPENED, 'reset', 'hello EHLO']);
  });

  it('of STARTTLS', () => {
    const rig = new Rig({ profile: { starttls: true } }).begin().feed('EHLO a\r\nSTARTTLS\r\n');
    rig.session.secured();
    rig.pump();
    rig.feed('EHLO a\r\nNOOP\r\n');
    expect(told(rig)).toEqual(['connect', 'hello EHLO', 'starttls', 'secure', 'hello EHLO']);
  });
});

describe('a farewell that waits', () => {
  it('takes the place of a handshake, and is heard in plain text', () => {
    const rig = new Rig({
      profile: { starttls: true },
      judge: (question) => (question.type === 'starttls' ? undefined : yes(question)),
    });
    rig.begin().feed('EHLO a\r\nSTARTTLS\r\n');
    rig.session.shutdown(reply('shuttingDown', { hostname: 'mx.example' }));
    rig.decide(ACCEPT);
    expect(rig.codes).toEqual([220, 250, 421]);
    expect(told(rig)).toEqual(['connect', 'hello EHLO', 'starttls', 'close shutdown']);
  });

  it('leaves any other question its answer', () => {
    const rig = new Rig({ judge: (question) => (question.type === 'rcpt' ? undefined : yes(question)) });
    rig.begin().feed('EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\n');
    rig.session.shutdown(reply('shuttingDown', { hostname: 'mx.example' }));
    rig.decide(ACCEPT).feed('RSET\r\n');
    expect(rig.codes).toEqual([220, 250, 250, 250, 250, 421]);
  });
});
