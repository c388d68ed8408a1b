import { Fault } from '../../../base/fault.js';
import { basename } from 'node:path';
import { ApiError } from '../../../api/errors.js';
import { readHeaders } from '../../../api/compose/headers.js';
import {
  type Attachment,
  clean,
  type Mail,
  readRecipients,
  type Recipient,
  readTags,
} from '../../../api/compose/mail.js';
import { compose } from '../../../api/compose/mime.js';
import { type Mailbox, parseMailboxList } from '../../../message/mailbox.js';
import { addressesOf, readFields } from '../../../message/mime/read.js';
import { Unreadable } from '../../../message/mime/work.js';
import { forwardPath } from '../../../submission/forward-path.js';
import { CliError, UsageError } from '../../error.js';
import { expectOneReader, Input } from './input.js';
import type { SendOptions } from './options.js';
import { withoutField } from './without-field.js';

/** A message with its envelope. */
export interface Outgoing {
  readonly from: string;
  readonly to: readonly string[];
  readonly content: Uint8Array;
}

/**
 * Makes the message that the options describe, or takes it from a file.
 *
 * @throws UsageError that names the option; CliError if a file cannot be read
 */
export async function outgoingOf(options: SendOptions): Promise<Outgoing> {
  try {
    return options.file === undefined ? await composed(options) : await fromFile(options.file, options);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw usageError(error);
  }
}

async function composed(options: SendOptions): Promise<Outgoing> {
  const { subject, header = [], tag = [] } = options;
  if (options.from === undefined) throw new UsageError('give the sender with --from ADDRESS');
  const from = senderOf(options.from);
  const [to, cc, bcc] = [
    readRecipients('--to', options.to),
    readRecipients('--cc', options.cc),
    readRecipients('--bcc', options.bcc),
  ];
  if (to.length + cc.length + bcc.length === 0) throw new UsageError('give a recipient with --to ADDRESS');
  const headers = readHeaders('--header', header.map(fieldOf));
  const tags = readTags('--tag', tag);
  expectOneReader([
    ['--text', options.text],
    ['--html', options.html],
    ...(options.attach ?? []).map((file) => ['--attach', file] as const),
  ]);
  const input = new Input();
  const [text, html] = [await input.text('--text', options.text), await input.text('--html', options.html)];
  const attachments: Attachment[] = [];
  for (const file of options.attach ?? []) {
    const content = await input.file('--attach', file);
    const name = file === '-' ? 'stdin' : basename(file);
    attachments.push({ name, content, contentType: null, cid: null });
  }
  if (text === null && html === null && attachments.length === 0) {
    throw new UsageError('give the content with --text, --html or --attach, or a whole message with --file');
  }
  const mail: Mail = {
    ...{ from, to, cc, bcc, text, html, tags, headers, attachments },
    replyTo: [],
    subject: subject === undefined ? null : clean(subject),
    inReplyTo: null,
    references: null,
    listUnsubscribe: null,
  };
  const { recipients, octets } = compose(mail, Date.now());
  return {
    from: pathOf('--from', from.address),
    to: recipients.map((recipient) => recipient.forwardPath),
    content: octets,
  };
}

function usageError(error: ApiError): UsageError {
  const [named] = Object.entries(error.fields ?? {});
  if (named === undefined) return new UsageError(error.message, { cause: error });
  const [option, problems] = named;
  const isAddress = ['--to', '--cc', '--bcc'].includes(option) && problems.includes('is invalid');
  const what = isAddress
    ? 'has something that is not an address such as app@example.com'
    : problems.join(', ');
  return new UsageError(`${option} ${what}`, { cause: error });
}

/** Takes the envelope from the options; what they do not say, from the header section. */
async function fromFile(file: string, options: SendOptions): Promise<Outgoing> {
  const octets = withoutEnvelopeLine(await new Input().file('--file', file));
  const fields = fieldsOf(file, octets);
  const sender = options.from ?? fields.first('from');
  if (sender === undefined)
    throw new UsageError(`--file: ${file} has no From; give the sender with --from ADDRESS`);
  const to: Pick<Recipient, 'forwardPath'>[] =
    options.to === undefined
      ? ['to', 'cc', 'bcc'].flatMap((name) =>
          addressesOf(fields, name).map(({ address }) => ({
            forwardPath: pathOf(`--file: ${name}`, address),
          })),
        )
      : readRecipients('--to', options.to);
  if (to.length === 0) {
    throw new UsageError(`--file: ${file} names no recipient in To, Cc or Bcc; give one with --to ADDRESS`);
  }
  return {
    from: pathOf('--from', senderOf(sender).address),
    to: [...new Set(to.map((recipient) => recipient.forwardPath))],
    content: withoutField(octets, 'bcc'),
  };
}

function fieldsOf(file: string, octets: Buffer): ReturnType<typeof readFields> {
  try {
    return readFields(octets);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new CliError(`--file: ${file} is not a message: ${error.message}`, { cause: error });
  }
}

/** Drops the line that separates messages of an mbox file. */
function withoutEnvelopeLine(octets: Buffer): Buffer {
  return octets.toString('latin1', 0, 5) === 'From ' ? octets.subarray(octets.indexOf('\n') + 1) : octets;
}

function senderOf(text: string): Mailbox {
  const list = parseMailboxList(clean(text));
  const [first, ...others] = list instanceof Fault ? [] : list;
  if (first !== undefined && others.length === 0) return first;
  throw new UsageError(`--from ${JSON.stringify(text)} is not one address; give one such as app@example.com`);
}

function pathOf(option: string, address: string): string {
  const path = forwardPath(address);
  if (path !== null) return path.address;
  throw new UsageError(`${option} ${JSON.stringify(address)} is not an address such as app@example.com`);
}

function fieldOf(text: string): readonly [name: string, value: string] {
  const [, name, value] = /^([^:]+):(.*)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name.trim(), value];
  throw new UsageError(
    `--header ${JSON.stringify(text)} is not a field; give one such as "X-Mailer: nightly"`,
  );
}
