/** Replies that say that a mailbox is bad. A good mailbox that is taken for a bad one gets no more mail. */
import { expect, it } from 'vitest';
import { resultOf, joinedReply } from '../../../src/delivery/transports/smtp/reply.js';

it.each([
  ['550 5.1.1 No such user', true],
  ['550 5.1.2 No such domain', true],
  ['553 5.1.3 Bad syntax', true],
  ['551 5.1.6 Moved', true],
  ['550 5.1.10 Null MX', true],
  ['550 User unknown', true],
  ['550 <a@b.example>: Recipient address rejected: User unknown in local recipient table', true],
  ['550 No such mailbox here', true],
  ['550 Mailbox not found', true],
  ['550 5.0.0 Unknown user', true],
  ['550 5.7.1 User unknown', false],
  ['550 5.2.1 Mailbox disabled', false],
  ['552 5.2.2 Mailbox full', false],
  ['550 5.4.1 Recipient address rejected: Access denied', false],
  ['550 Relay access denied, user unknown', false],
  ['550 Message blocked: unknown sender', false],
  ['550 Rejected', false],
  ['554 User unknown', false],
  ['450 5.1.1 User unknown', false],
  ['450 4.1.1 User unknown', false],
])('says whether the mailbox is bad: %s: %s', (reply, hard) => {
  expect(resultOf('rcpt', reply, 1).hard === true).toBe(hard);
});

it('at the end, blames a mailbox only if the message has one recipient', () => {
  expect(resultOf('end', '550 5.1.1 Nobody', 1)).toMatchObject({ outcome: 'bounced', hard: true });
  expect(resultOf('end', '550 5.1.1 Nobody', 2)).toMatchObject({ outcome: 'bounced', hard: false });
  expect(resultOf('mail', '550 5.1.1 Nobody', 1)).toMatchObject({ outcome: 'bounced', hard: false });
});

it.each(['', 'hello', '200', '354 Go', '600 5.0.0 x', '503 5.5.1 Lost'])(
  '"%s" at RCPT defers, since it says nothing about the mailbox',
  (reply) => {
    expect(resultOf('rcpt', reply, 1).outcome).toBe('deferred');
  },
);

it.each(['connect', 'greeting', 'hello', 'tls', 'auth'] as const)(
  '5yz at %s is a failure of the transport',
  (phase) => {
    expect(resultOf(phase, '554 5.7.1 No', 1)).toMatchObject({ outcome: 'deferred', transportFailed: true });
  },
);

it('puts a reply on one line', () => {
  expect(joinedReply('550-5.7.1 a\r\n550-5.7.1 b\n550 5.7.1 c')).toBe('550 5.7.1 a b c');
  expect(joinedReply('250 Ok')).toBe('250 Ok');
  expect(joinedReply('250')).toBe('250');
  expect(joinedReply('HTTP/1.1 400 Bad Request\r\nServer: x')).toBe('HTTP/1.1 400 Bad Request Server: x');
});
