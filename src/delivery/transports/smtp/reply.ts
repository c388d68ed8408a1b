import type { Delivery } from '../transport.js';

/**
 * The phase in which a remote server replied, or failed to reply. `connect`, `greeting`, `hello`, `tls` and `auth` set
 * up a connection, which is the same for every message; the others belong to one message.
 */
export type Phase = 'connect' | 'greeting' | 'hello' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'end';

/** The outcome for a recipient that follows from a reply, or from its absence. */
export type ReplyResult = Pick<
  Delivery,
  'outcome' | 'reply' | 'enhancedCode' | 'hard' | 'transportFailed' | 'general'
>;

/** Returns a reply on one line: its code and enhanced code once, then the text of all its lines. */
export function joinedReply(reply: string): string {
  const [first = '', ...further] = reply.split(/\r?\n/).map((line) => line.trim());
  // A text that is not a reply stays as it is.
  if (!/^\d{3}/.test(first)) return [first, ...further].join(' ');
  const code = first.slice(0, 3);
  const enhanced = enhancedCodeOf(reply);
  const prefix = enhanced === null ? code : `${code} ${enhanced}`;
  const texts = [first, ...further].map((line) => {
    const text = line.replace(/^\d{3}[ -]?/, '');
    return enhanced !== null && text.startsWith(enhanced) ? text.slice(enhanced.length).trim() : text;
  });
  return [prefix, ...texts].filter((text) => text !== '').join(' ');
}

/**
 * Returns the enhanced code at the beginning of a reply, if its class agrees with the code (RFC 2034 4); otherwise
 * null.
 */
export function enhancedCodeOf(reply: string): string | null {
  const match = /^([245])\d\d[ -](([245])\.\d{1,3}\.\d{1,3})(?:\s|$)/.exec(reply);
  return match !== null && match[1] === match[3] ? (match[2] ?? null) : null;
}

/**
 * Returns the outcome that a reply in a phase means for its recipients: all of the message at `mail`, `data` and
 * `end`, one of them at `rcpt`.
 *
 * 4yz defers and 5yz bounces. These are exceptions, since they are not about the message:
 * - anything while a connection is set up: the transport does not work
 * - 421, which only closes the connection (RFC 5321 3.8)
 * - 503: the remote server is out of step
 * - 530, 534, 535 and 538: it wants other credentials, or TLS (RFC 4954 6, RFC 3207 4)
 * - 552 to RCPT: RFC 5321 4.5.3.1.10 uses it for too many recipients; in any case the failure is temporary
 */
export function resultOf(phase: Phase, reply: string, recipients: number): ReplyResult {
  const code = Number(reply.slice(0, 3));
  const enhancedCode = enhancedCodeOf(reply);
  const details = { reply: joinedReply(reply), enhancedCode };
  if (phase === 'end' && code >= 200 && code < 300) return { outcome: 'delivered', ...details };
  if (SETTING_UP.has(phase) || CREDENTIALS.has(code)) {
    return { outcome: 'deferred', ...details, transportFailed: true };
  }
  const passing = code < 500 || code > 599 || code === 503 || (phase === 'rcpt' && code === 552);
  if (passing || Number.isNaN(code)) return { outcome: 'deferred', ...details };
  const alone = phase === 'rcpt' || (phase === 'end' && recipients === 1);
  return { outcome: 'bounced', ...details, hard: alone && isBadMailbox(code, enhancedCode, details.reply) };
}

const SETTING_UP: ReadonlySet<Phase> = new Set(['connect', 'greeting', 'hello', 'tls', 'auth']);
const CREDENTIALS: ReadonlySet<number> = new Set([530, 534, 535, 538]);

/**
 * Enhanced codes of RFC 3463 3.2 and RFC 7505 4.1: no such mailbox, no such host, the mailbox has moved, the host
 * takes no mail.
 */
const BAD_MAILBOX: ReadonlySet<string> = new Set(['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10']);

/** The words of servers that give no enhanced code for "no such mailbox". */
const NO_SUCH_MAILBOX =
  /\b(?:(?:no such|unknown|invalid|non-?existent) (?:local )?(?:user|recipient|mailbox|account|address)|(?:user|recipient|mailbox|account|address)(?: \S+)? (?:is )?(?:unknown|not found|invalid|does not exist|doesn't exist|not exist))\b/i;

/** Words in similar texts that are about the sender or the message instead. */
const POLICY_WORDS =
  /\b(?:spam|polic(?:y|ies)|block(?:ed|list)|blacklist|denied|reputation|relay|sender|spf|dkim|dmarc)\b/i;

/**
 * Returns whether a reply says that the mailbox is bad. It is strict: a good mailbox that is taken for a bad one gets
 * no more mail.
 */
function isBadMailbox(code: number, enhancedCode: string | null, text: string): boolean {
  if (enhancedCode !== null && enhancedCode !== '5.0.0') return BAD_MAILBOX.has(enhancedCode);
  return (code === 550 || code === 553) && NO_SUCH_MAILBOX.test(text) && !POLICY_WORDS.test(text);
}
