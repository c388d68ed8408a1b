/** Mails: makes the numbered messages of a run. */
import { Buffer } from 'node:buffer';
import { dotStuffed, mailCommand, rcptCommand } from '../../client/parts.js';
import type { Mail } from './mailer.js';
import type { Plan } from './plan.js';
import { randomFrom } from './random.js';
import { chooser } from './sizes.js';

/** A message of the run. */
export interface NumberedMail extends Mail {
  /** Octets of the message before dot-stuffing. */
  readonly octets: number;
  /** The intended start and the real start, in milliseconds of the run. */
  readonly intended: number;
  readonly started: number;
}

/**
 * Digits of a message's number. They are the same for all messages, so that all messages of a size have equal length.
 */
const DIGITS = 10;
const NUMBER = '0'.repeat(DIGITS);
/** A message up to this size is copied into one buffer; larger messages share the buffer of the body. */
const COPIED = 32 * 1024;

const WORDS =
  'the of and to in is was for on that by with as at from are this be or had not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after words called just where most know'.split(
    ' ',
  );

/** The parts that all messages of a size share. */
interface Template {
  readonly octets: number;
  /** The header section, with the whole body if the message is small, else without it. */
  readonly head: Buffer;
  /** Offsets in `head` at which the number is written. */
  readonly places: readonly number[];
  readonly body: readonly Buffer[];
}

/**
 * Makes the messages of a run: text of the right size, with a number in sender and recipient. The same seed makes the
 * same messages.
 */
export class Mails {
  readonly #templates: readonly Template[];
  readonly #choose: () => number;
  readonly #mail: string;
  /** The recipient's address around its number. */
  readonly #rcpt: readonly string[];
  readonly #recipients: number;

  /**
   * @param from the sender
   * @param now the date of all messages, in milliseconds since 1970
   */
  constructor(plan: Plan, from: string, thread: number, now: number) {
    this.#mail = mailCommand(from);
    this.#recipients = plan.recipients;
    this.#rcpt = rcptCommand(numbered(plan.to)).split(NUMBER);
    // Each thread makes the same messages, in an order of its own.
    const words = randomFrom(plan.seed);
    const random = randomFrom(plan.seed + 1 + thread);
    if (plan.own === null) {
      this.#templates = plan.sizes.map(({ octets }) => template(plan, from, octets, words, now));
      this.#choose = chooser(plan.sizes, random);
    } else {
      const { own, chunking } = plan;
      this.#templates = own.map((octets) => ownTemplate(octets, chunking));
      this.#choose = () => Math.floor(random() * own.length);
    }
  }

  /** Returns the message with this number, counted from 0. */
  make(number: number, intended: number, started: number): NumberedMail {
    const { octets, head, places, body } = this.#templates[this.#choose()] as Template;
    const recipients: string[] = [];
    const first = number * this.#recipients;
    for (let index = 0; index < this.#recipients; index++) {
      recipients.push(this.#rcpt.join(digits(first + index)));
    }
    if (head.length === 0) {
      return { mail: this.#mail, recipients, content: body, octets, intended, started };
    }
    const own = Buffer.allocUnsafe(head.length);
    head.copy(own);
    const text = digits(first);
    for (const place of places) own.write(text, place, 'latin1');
    const content = body.length === 0 ? [own] : [own, ...body];
    return { mail: this.#mail, recipients, content, octets, intended, started };
  }
}

/** A message of the user's: its octets as they are. */
function ownTemplate(octets: Uint8Array, chunking: boolean): Template {
  const message = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const content = chunking ? message : dotStuffed(message);
  return { octets: octets.length, head: Buffer.alloc(0), places: [], body: [content] };
}

function template(plan: Plan, from: string, size: number, random: () => number, now: number): Template {
  const head = Buffer.from(
    [
      `From: <${from}>`,
      `To: <${numbered(plan.to)}>`,
      `Subject: Postern bench, message ${NUMBER}`,
      `Date: ${new Date(now).toUTCString().replace('GMT', '+0000')}`,
      `Message-ID: <${NUMBER}.${plan.seed}.${now}@${from.slice(from.lastIndexOf('@') + 1)}>`,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=us-ascii',
      '',
      '',
    ].join('\r\n'),
    'latin1',
  );
  const body = text(size - head.length, random);
  const stuff = (octets: Buffer): Buffer => (plan.chunking ? octets : dotStuffed(octets));
  const whole = head.length + body.length <= COPIED;
  return {
    octets: head.length + body.length,
    head: whole ? stuff(Buffer.concat([head, body])) : head,
    places: placesOf(head),
    body: whole ? [] : [stuff(body)],
  };
}

/** Returns lines of words with `octets` octets in total, and at least a line end. */
function text(octets: number, random: () => number): Buffer {
  const length = Math.max(2, octets);
  const lines: string[] = [];
  let left = length;
  while (left > 0) {
    // The last line needs room for its CRLF.
    const width = left <= 78 ? left : left < 80 ? 40 : 78;
    let line = '';
    while (line.length < width - 2) line += `${WORDS[Math.floor(random() * WORDS.length)] ?? ''} `;
    lines.push(`${line.slice(0, width - 2)}\r\n`);
    left -= width;
  }
  return Buffer.from(lines.join(''), 'latin1');
}

/** Splits a recipient such as `rcpt@example.net` at the place of its number: at `{n}`, or before the `@`. */
function numbered(address: string): string {
  if (address.includes('{n}')) return address.replaceAll('{n}', NUMBER);
  const at = address.lastIndexOf('@');
  return at < 0 ? address + NUMBER : address.slice(0, at) + NUMBER + address.slice(at);
}

function placesOf(head: Buffer): number[] {
  const places: number[] = [];
  for (let at = head.indexOf(NUMBER); at >= 0; at = head.indexOf(NUMBER, at + DIGITS)) places.push(at);
  return places;
}

function digits(number: number): string {
  return String(number).padStart(DIGITS, '0');
}
