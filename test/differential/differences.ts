/** `line: Postfix's code, ours`, and why. docs/conformance.md shows the same table. */
export const DIFFERENCES: ReadonlyMap<string, string> = new Map([
  [
    'MAIL FROM:<a@x.example> BODY=9BIT: 555, 501',
    'The parameter is known, its value is wrong: that is 501 (RFC 5321 4.2.3). 555 says that the parameter is not known (4.1.1.11).',
  ],
  [
    'MAIL FROM:<j\\xc3\\xb6rg@x.example>: 553, 550',
    'RFC 6531 3.5 wants 550 where MAIL is refused for want of SMTPUTF8, and 553 where RCPT is.',
  ],
  [
    'MAIL FROM:<a@x.example> SIZE=1: 250, 555',
    'After HELO there are no extensions, so no parameters (RFC 5321 2.2.1, 4.1.1.11). Postfix takes them all the same.',
  ],
  ['MAIL FROM:<a@x.example> SIZE=10: 250, 555', 'The same, in the generated dialogues.'],
  ['HELP: 500, 214', 'RFC 5321 4.1.1.8: servers should support HELP. Postfix does not know it.'],
  [
    'EXPN a: 500, 502',
    'A command of RFC 5321 that is not offered gets 502 (4.2.4); 500 is for unknown ones.',
  ],
  ['TURN: 500, 502', 'The same: TURN is a command (RFC 5321 appendix F.1), and is not offered.'],
  [
    'AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=: 503, 502',
    'AUTH where it is not offered is a command not implemented (RFC 5321 4.2.4), not one out of order.',
  ],
  [
    'BDAT: 521, 501',
    'A chunk whose size cannot be read ends the session, because its end is unknown. Postfix closes with 521, which is of hosts that take no mail at all (RFC 7504 3).',
  ],
]);
