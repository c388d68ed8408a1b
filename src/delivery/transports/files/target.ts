import { Fault, type Parsed } from '../../../base/fault.js';
import { fileURLToPath } from 'node:url';

/** A folder to which messages are written. */
export interface FilesTarget {
  /** `maildir`: for mail programs to read. `file`: a folder of `.eml` files. */
  readonly form: 'maildir' | 'file';
  /** The path as it was given. A relative path starts at the server's working directory. */
  readonly directory: string;
}

/**
 * Reads `maildir:PATH` or `file:PATH`. If a path begins with `//`, it is the path of a URL without a host, and it is
 * percent-decoded; any other path is taken literally.
 *
 * @returns the target, or a Fault
 */
export function parseFilesUrl(text: string): Parsed<FilesTarget> {
  const match = /^(maildir|file):(.*)$/is.exec(text);
  if (match === null) return new Fault('it is neither maildir:PATH nor file:PATH');
  const form = match[1]?.toLowerCase() === 'maildir' ? 'maildir' : 'file';
  const path = match[2] ?? '';
  if (path === '' || path.includes('\0')) return new Fault(`${form}: needs the path of a folder after it`);
  if (!path.startsWith('//')) return { form, directory: path };
  if (!path.startsWith('///')) return new Fault(`${form}: takes no host; an absolute path is ${form}:/PATH`);
  try {
    return { form, directory: fileURLToPath(`file:${path}`) };
  } catch {
    return new Fault(`${form}: has a path that is not valid in a URL`);
  }
}
