import { createPrivateKey } from 'node:crypto';
import { HeaderSection, MalformedHeaderError } from '../../message/section.js';
import type { DkimKeys } from '../../store/dkim-keys.js';
import { BLANK_LINE } from '../transports/read-content.js';
import { Recent } from '../../base/bounded-map.js';
import type { Outgoing } from '../queue/shipping.js';
import { RelaxedBody } from './relaxed.js';
import { type SigningKey, fieldsToSign, signatureField } from './signature.js';

interface SignerOptions {
  /** Milliseconds for which the keys of a domain are cached. Default: 10 seconds. */
  readonly keysFor?: number;
  /** Returns milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Largest number of domains whose keys are cached. */
const REMEMBERED = 1000;

/**
 * Signs messages with all keys of their domain that are on (RFC 6376). Content is read twice, once to hash it and once to send it.
 * Only its header section is held in memory.
 */
export class Signer {
  readonly #keys: Pick<DkimKeys, 'list'>;
  readonly #keysFor: number;
  readonly #now: () => number;
  readonly #known = new Recent<string, { readonly until: number; readonly keys: Promise<SigningKey[]> }>(
    REMEMBERED,
  );

  constructor(keys: Pick<DkimKeys, 'list'>, { keysFor = 10_000, now = Date.now }: SignerOptions = {}) {
    this.#keys = keys;
    this.#keysFor = keysFor;
    this.#now = now;
  }

  /**
   * Returns the content with its signatures at the top, or unchanged if the domain has no keys. The signatures stay
   * valid if a server adds a CRLF at the end of the content (RFC 5321 4.1.1.4).
   *
   * Rejects if the store or the content rejects.
   *
   * @param domain name of the sending domain
   */
  async signedContent(domain: string, stored: Outgoing): Promise<Outgoing> {
    const keys = await this.#keysOf(domain);
    if (keys.length === 0) return stored;
    const { header, bodyHash } = await digest(stored.content());
    // If the header section cannot be parsed, it cannot be signed either: the message goes out unchanged.
    if (header === null) return stored;
    const fields = fieldsToSign(header);
    const time = this.#now();
    const signatures = await Promise.all(keys.map((key) => signatureField(key, fields, bodyHash, time)));
    const top = Buffer.from(signatures.join(''));
    return {
      size: stored.size + top.length,
      async *content() {
        yield top;
        yield* stored.content();
      },
      ...(stored.whole === undefined ? {} : { whole: Buffer.concat([top, stored.whole]) }),
    };
  }

  #keysOf(domain: string): Promise<SigningKey[]> {
    const now = this.#now();
    const known = this.#known.get(domain);
    if (known !== undefined && known.until > now) return known.keys;
    const keys = this.#read(domain);
    this.#known.set(domain, { until: now + this.#keysFor, keys });
    keys.catch(() => this.#known.forget(domain));
    return keys;
  }

  async #read(domain: string): Promise<SigningKey[]> {
    const active = (await this.#keys.list(domain)).filter((key) => key.active);
    return active.map(({ privateKey, ...key }) => ({
      ...key,
      privateKey: createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' }),
    }));
  }
}

/**
 * Makes the first pass over content: reads the header section and hashes the body. The header section is null if it
 * cannot be parsed.
 */
async function digest(
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly header: HeaderSection | null; readonly bodyHash: string }> {
  const body = new RelaxedBody();
  let header: Buffer | null = Buffer.alloc(0);
  let section: Buffer | null = null;
  for await (const piece of content) {
    if (header === null) {
      body.update(piece);
      continue;
    }
    const from = Math.max(0, header.length - BLANK_LINE.length);
    header = Buffer.concat([header, piece]);
    const end = header.indexOf(BLANK_LINE, from);
    if (end === -1) continue;
    section = header.subarray(0, end + 2);
    body.update(header.subarray(end + BLANK_LINE.length));
    header = null;
  }
  return { header: parse(section ?? header ?? Buffer.alloc(0)), bodyHash: body.digest() };
}

function parse(section: Uint8Array): HeaderSection | null {
  try {
    return HeaderSection.parse(section);
  } catch (error) {
    if (error instanceof MalformedHeaderError) return null;
    throw error;
  }
}
