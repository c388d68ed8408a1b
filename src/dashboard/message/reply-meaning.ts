/** What enhanced codes (RFC 3463, and the registry of IANA) mean for the one who sent the message. */
const MEANINGS: Readonly<Record<string, string>> = {
  '1.0': 'The address is wrong.',
  '1.1': 'There is no such mailbox: check the address for a typing error.',
  '1.2': 'The domain of the address takes no mail: check it for a typing error.',
  '1.3': 'The address is not one that the remote server can read.',
  '1.6': 'The mailbox has moved and left no new address.',
  '1.8': 'The remote server does not accept the domain of the sender.',
  '1.10': 'The domain says that it takes no mail at all (null MX).',
  '2.0': 'Something is wrong with the mailbox.',
  '2.1': 'The mailbox is switched off.',
  '2.2': 'The mailbox is full: only its owner can change that.',
  '2.3': 'The message is too large for the mailbox.',
  '3.1': 'The disk of the remote server is full.',
  '3.2': 'The remote server takes no mail at the moment.',
  '3.4': 'The message is too large for the remote server.',
  '4.1': 'The remote server does not answer.',
  '4.2': 'The connection to the remote server broke.',
  '4.3': 'The name of the remote server could not be looked up.',
  '4.4': 'There is no route to the domain: its DNS names no server that works.',
  '4.5': 'The remote server is overloaded.',
  '4.7': 'The time for delivery is over.',
  '5.2': 'The remote server refused the command as malformed.',
  '5.3': 'The message has too many recipients for the remote server.',
  '6.0': 'The remote server does not accept the content of the message.',
  '6.7': 'The remote server does not take addresses beyond ASCII.',
  '7.0':
    'The remote server refused it by a rule of its own, often because of a bad reputation of the sender.',
  '7.1': 'The remote server refused it by a rule of its own: a block list, a spam filter or a policy.',
  '7.8': 'The user name or password for the remote server is wrong: check the deliver URL.',
  '7.10': 'The remote server requires encryption that was not used.',
  '7.20': 'The message has no DKIM signature that passes: check the DKIM records of the domain.',
  '7.23': 'SPF fails: the domain does not list this server as one that may send for it.',
  '7.25': 'The address of this server has no matching reverse DNS (PTR).',
  '7.26': 'Neither SPF nor DKIM passes: check the DNS records of the domain.',
  '7.27': 'The domain of the sender takes no mail, so its mail is not accepted.',
  '7.28': 'The remote server limits the rate: too much mail in a short time.',
};

/** Returns the enhanced code of a reply: `5.1.1`; null if it is without one. */
function enhancedCode(reply: string): string | null {
  return /(?:^|\s)([245]\.\d{1,3}\.\d{1,3})(?=\s|$)/.exec(reply)?.[1] ?? null;
}

/** Returns in a sentence what a reply of a remote server means; null if its code says nothing more. */
export function meaningOf(reply: string): string | null {
  const code = enhancedCode(reply);
  if (code === null) return null;
  const meaning = MEANINGS[code.slice(2)];
  return meaning ?? null;
}
