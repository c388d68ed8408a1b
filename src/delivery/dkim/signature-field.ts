// mailauth has a function for this, but to load its module keeps the event loop busy for 165 ms of processor time, in the
// middle of the first message that is signed.

/** The tags of a DKIM-Signature field (RFC 6376 3.5) whose values depend on the message and the key. */
interface SignatureTags {
  readonly algorithm: string;
  readonly domain: string;
  readonly selector: string;
  /** Names of the signed fields, in the order in which they are signed. */
  readonly names: readonly string[];
  /** In base64. */
  readonly bodyHash: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** In base64; empty in the field that is signed itself (RFC 6376 3.7). */
  readonly signature: string;
}

/** Characters of a line at which a field is folded: RFC 5322 2.1.1 recommends at most 78, with the line end's two. */
const LINE = 76;

/** Returns a DKIM-Signature field of version 1, relaxed/relaxed, folded, without the CRLF at its end. */
export function formatSignatureField(tags: SignatureTags): string {
  const words = [
    'DKIM-Signature: v=1;',
    `a=${tags.algorithm};`,
    'c=relaxed/relaxed;',
    `d=${tags.domain};`,
    // White space may stand around the colons of h and anywhere in b (RFC 6376 3.5), so these are folded too.
    ...`h=${tags.names.join(': ')};`.split(' '),
    'q=dns/txt;',
    `s=${tags.selector};`,
    `t=${tags.time};`,
    `bh=${tags.bodyHash};`,
    ...(`b=${tags.signature}`.match(/.{1,75}/g) ?? []),
  ];
  return folded(words);
}

/** Joins words by spaces, with a fold instead of the space where a line would be too long. */
function folded(words: readonly string[]): string {
  const [first = '', ...others] = words;
  const lines: string[] = [];
  let line = first;
  for (const word of others) {
    const longer = `${line} ${word}`;
    if (longer.length <= LINE) line = longer;
    else {
      lines.push(line);
      line = ` ${word}`;
    }
  }
  return [...lines, line].join('\r\n');
}
