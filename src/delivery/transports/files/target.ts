import { fileURLToPath } from 'node:url';

/** A folder that messages are written to. */
export interface FilesTarget {
  /** `maildir`: for mail programs to read. `file`: a folder of `.eml` files. */
  readonly form: 'maildir' | 'file';
  /** As it was given: a relative one counts from where the server runs. */
  readonly directory: string;
}

/**
 * Reads `maildir:PATH` or `file:PATH`. A path that begins with `//` is that of a URL, without a host and with
 * its percent-encoding undone; any other is taken as it stands.
 *
 * @returns the target, or in words what is wrong
 */
export function parseFilesUrl(text: string): FilesTarget | string {
  const match = /^(maildir|file):(.*)$/is.exec(text);
  if (match === null) return 'it is neither maildir:PATH nor file:PATH';
  const form = match[1]?.toLowerCase() === 'maildir' ? 'maildir' : 'file';
  const path = match[2] ?? '';
  if (path === '' || path.includes('\0')) return `${form}: needs the path of a folder behind it`;
  if (!path.startsWith('//')) return { form, directory: path };
  if (!path.startsWith('///')) return `${form}: takes no host; an absolute path is ${form}:/PATH`;
  try {
    return { form, directory: fileURLToPath(`file:${path}`) };
  } catch {
    return `${form}: has a path that is no path of a URL`;
  }
}
