import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../base/text.js';
import { CliError } from '../error.js';
import { COMMANDS } from '../limits.js';

const NAME_OCTETS = COMMANDS.attachmentName.initial;
/** Characters that a file system or a shell does not take as a part of a name. */
const SPECIAL = /[/\\:*?"<>|\ufffd]/g;
/** Names that Windows takes for devices, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
/** Files of one name that are numbered. */
const MOST_OF_A_NAME = 10_000;

/**
 * Returns the name of a file for an attachment. The sender of a message chose the name of the attachment, so it may be
 * a path, an option, a hidden file or nothing at all.
 */
export function safeFileName(name: string): string {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  const plain = printable(base.normalize('NFC'))
    .replace(SPECIAL, '_')
    .trim()
    // Windows drops dots and spaces at the end of a name.
    .replace(/[. ]+$/, '')
    .replace(/^[.-]+/, (first) => '_'.repeat(first.length))
    .replace(DEVICE, '_$&');
  return shortened(plain === '' ? 'attachment' : plain);
}

/**
 * Writes a new file into a folder, and returns its path. If there is a file or a link of the name already, the new one
 * gets a number: `name (2).pdf`.
 *
 * @throws CliError if it cannot be written
 */
export async function writeNewFile(folder: string, name: string, octets: Uint8Array): Promise<string> {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let number = 1; number <= MOST_OF_A_NAME; number++) {
    const path = join(folder, number === 1 ? name : `${stem} (${number})${extension}`);
    try {
      // O_EXCL follows no link, and replaces nothing.
      const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
      try {
        await file.writeFile(octets);
      } finally {
        await file.close();
      }
      return path;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue;
      throw cannotWrite(path, error);
    }
  }
  throw new CliError(`${folder} has ${MOST_OF_A_NAME} files of the name ${name}; give another folder`);
}

/** Makes a folder if it is missing. @throws CliError */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

function cannotWrite(path: string, error: unknown): CliError {
  const reason = error instanceof Error ? error.message : String(error);
  return new CliError(`--attachments: cannot write ${path}: ${reason}`, { cause: error });
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= NAME_OCTETS) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : '';
  let stem = '';
  let left = NAME_OCTETS - Buffer.byteLength(extension);
  for (const character of name) {
    left -= Buffer.byteLength(character);
    if (left < 0) break;
    stem += character;
  }
  return stem + extension;
}
