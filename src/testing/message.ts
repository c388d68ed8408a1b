import { Fault } from '../base/fault.js';
import { readAddressList } from '../message/address-list.js';
import { findCodes, findLinks } from '../message/links.js';
import { attachmentOctets, displayOf, readMessage, type ReadMessage } from '../message/mime/read.js';
import { Unreadable } from '../message/mime/work.js';
import { HeaderSection } from '../message/section.js';
import { parseTags } from '../message/tags.js';

/** A file of a message. */
export interface MailAttachment {
  /** The file name, cleaned; made of its place and its type if the message has no name for it. */
  readonly name: string;
  /** The type with its parameters, such as `text/calendar; method=REQUEST`. */
  readonly type: string;
  /** The content id without its angle brackets, or null. */
  readonly contentId: string | null;
  /** The octets, without the transfer encoding. */
  readonly content: Uint8Array;
}

/** What the server knows about a message beside its octets. */
export interface Arrival {
  /** The reverse-path; empty for `<>`. */
  readonly sender: string;
  /** The forward-paths, in the order of the client. */
  readonly recipients: readonly string[];
  /** The user name that the client gave by AUTH, or null without AUTH. */
  readonly user: string | null;
  /** True if the connection had TLS. */
  readonly secure: boolean;
  readonly receivedAt: Date;
}

const TAG_FIELDS = ['X-OMS-Tags', 'X-MailPace-Tags'];

/** A message that the server took. It is parsed when the first of its contents is read. */
export class MailMessage implements Arrival {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly user: string | null;
  readonly secure: boolean;
  readonly receivedAt: Date;
  #read: { readonly message: ReadMessage } | { readonly problem: string } | undefined;

  constructor(
    arrival: Arrival,
    /** The octets as they were sent, without the dots of transparency (RFC 5321 4.5.2). */
    readonly raw: Uint8Array,
  ) {
    this.sender = arrival.sender;
    this.recipients = arrival.recipients;
    this.user = arrival.user;
    this.secure = arrival.secure;
    this.receivedAt = arrival.receivedAt;
  }

  /** The addresses of the From field. */
  get from(): readonly string[] {
    return this.#addresses('from');
  }

  /** The addresses of the To field. {@link recipients} has those of the envelope, also the ones of Bcc. */
  get to(): readonly string[] {
    return this.#addresses('to');
  }

  /** The addresses of the Cc field. */
  get cc(): readonly string[] {
    return this.#addresses('cc');
  }

  /** The decoded Subject; empty without one. */
  get subject(): string {
    return this.header('subject') ?? '';
  }

  /** The plain text with LF at the end of its lines; null if the message has none. */
  get text(): string | null {
    return this.#message?.text ?? null;
  }

  /** The HTML; null if the message has none. */
  get html(): string | null {
    return this.#message?.html ?? null;
  }

  get attachments(): readonly MailAttachment[] {
    const octets = this.#octets;
    return (this.#message?.attachments ?? []).map((attachment) => ({
      name: attachment.name,
      type: attachment.contentType,
      contentId: attachment.contentId,
      content: attachmentOctets(octets, attachment),
    }));
  }

  /** The tags in `X-OMS-Tags` and `X-MailPace-Tags`; empty if a server would refuse them. */
  get tags(): readonly string[] {
    const end = this.#octets.indexOf('\r\n\r\n');
    try {
      const section = HeaderSection.parse(end < 0 ? this.#octets : this.#octets.subarray(0, end + 2));
      const tags = parseTags(section.take(...TAG_FIELDS));
      return tags instanceof Fault ? [] : tags;
    } catch {
      return [];
    }
  }

  /** The http, https and mailto links of the HTML and of the text, each once. */
  get links(): readonly string[] {
    return findLinks({ text: this.text, html: this.html }).map(({ url }) => url);
  }

  /** What looks like a one-time code in the text: `123456`, `AB12-CD34` near a word that announces it. */
  get codes(): readonly string[] {
    return findCodes({ text: this.text, html: this.html });
  }

  /** Why the message cannot be parsed, in words; null if it can. Its text and attachments are then empty. */
  get problem(): string | null {
    const read = this.#parsed;
    return 'problem' in read ? read.problem : null;
  }

  /** Returns the body of the first field of this name, in any case, decoded; null if there is no such field. */
  header(name: string): string | null {
    const message = this.#message;
    return message === null ? null : displayOf(message.fields, name.toLowerCase());
  }

  /** Returns the bodies of all fields of this name, in any case, unfolded and not decoded. */
  headers(name: string): readonly string[] {
    return this.#message?.fields.all(name.toLowerCase()) ?? [];
  }

  #addresses(name: string): readonly string[] {
    return this.headers(name).flatMap((body) => readAddressList(body).map(({ address }) => address));
  }

  get #octets(): Buffer {
    return Buffer.from(this.raw.buffer, this.raw.byteOffset, this.raw.byteLength);
  }

  get #message(): ReadMessage | null {
    const read = this.#parsed;
    return 'message' in read ? read.message : null;
  }

  get #parsed(): { readonly message: ReadMessage } | { readonly problem: string } {
    if (this.#read === undefined) {
      try {
        this.#read = { message: readMessage(this.#octets) };
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        this.#read = { problem: error.message };
      }
    }
    return this.#read;
  }
}
