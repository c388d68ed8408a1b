import { printable, printableLines } from '../../base/text.js';
import { findLinksIn } from '../../delivery/reading/links.js';
import { decodeForDisplay } from '../../message/encoded-word.js';
import { attachmentOctets, readFields, readMessage } from '../../message/mime/read.js';
import { Unreadable } from '../../message/mime/work.js';
import type { MessageId } from '../../store/port.js';
import type { Context } from '../context.js';
import { CliError } from '../error.js';
import { makeFolder, safeFileName, writeNewFile } from './attachment-files.js';

/** A part of the content of a message that is shown. */
export interface ContentOptions {
  readonly text?: true;
  readonly html?: true;
  readonly headers?: true;
  readonly links?: true;
  /** The folder that they are written to. */
  readonly attachments?: string;
  readonly json?: true;
}

/**
 * Shows the part of the content that the options ask for. A terminal gets text in which nothing is left that it would
 * obey; a file or a program gets it as it is.
 *
 * @throws CliError if the message has no such part, or cannot be taken apart
 */
export async function showContent(
  context: Context,
  id: MessageId,
  message: Buffer,
  options: ContentOptions,
): Promise<void> {
  try {
    if (options.headers) await showHeaders(context, message, options);
    else if (options.links) await showLinks(context, message, options);
    else if (options.attachments !== undefined) {
      await writeAttachments(context, id, message, options.attachments, options);
    } else await showBody(context, id, message, options);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new CliError(
      `message ${id} cannot be taken apart: ${error.message}; "postern message ${id} --raw" has its octets`,
      { cause: error },
    );
  }
}

async function showBody(
  { stdout }: Context,
  id: MessageId,
  message: Buffer,
  { html }: ContentOptions,
): Promise<void> {
  const read = readMessage(message);
  const [wanted, other] = html ? (['html', 'text'] as const) : (['text', 'html'] as const);
  const body = read[wanted];
  if (body === null) {
    const names = { text: 'text', html: 'HTML' };
    const hint = read[other] === null ? '' : `; "postern message ${id} --${other}" shows its ${names[other]}`;
    throw new CliError(`message ${id} has no ${names[wanted]}${hint}`);
  }
  const shown = body.replace(/\r\n?/g, '\n');
  await stdout.write(stdout.isTerminal ? printableLines(shown) : shown);
  if (!shown.endsWith('\n')) await stdout.write('\n');
}

async function showHeaders({ stdout }: Context, message: Buffer, { json }: ContentOptions): Promise<void> {
  const fields = readFields(message)
    .list()
    .map(({ name, body }) => ({ name, value: decodeForDisplay(body) }));
  if (json) return stdout.json(fields);
  await stdout.write(fields.map(({ name, value }) => `${printable(`${name}: ${value}`)}\n`).join(''));
}

async function showLinks(context: Context, message: Buffer, { json }: ContentOptions): Promise<void> {
  const { stdout, stderr } = context;
  const { links, codes } = findLinksIn(null, message).value;
  if (json) return stdout.json({ links, codes });
  for (const { url } of links) await stdout.line(printable(url));
  for (const code of codes) await stdout.line(printable(code));
  if (links.length + codes.length === 0) await stderr.line('The message has no links and no codes.');
}

async function writeAttachments(
  { stdout, stderr }: Context,
  id: MessageId,
  message: Buffer,
  folder: string,
  { json }: ContentOptions,
): Promise<void> {
  const { attachments } = readMessage(message);
  if (attachments.length > 0) await makeFolder(folder);
  for (const attachment of attachments) {
    const octets = attachmentOctets(message, attachment);
    const path = await writeNewFile(folder, safeFileName(attachment.name), octets);
    const { name, contentType } = attachment;
    if (json) await stdout.json({ path, name, contentType, size: octets.length });
    else await stdout.line(printable(path));
  }
  if (attachments.length === 0 && !json) await stderr.line(`Message ${id} has no attachments.`);
}
