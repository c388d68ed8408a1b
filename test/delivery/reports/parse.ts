/** Reads notifications with parsers of other projects. */
import { execFileSync, spawnSync } from 'node:child_process';
import PostalMime from 'postal-mime';

/** A notification, as postal-mime parses it. */
export interface Parsed {
  readonly header: ReadonlyMap<string, string>;
  /** The part for people. */
  readonly text: string;
  /** The groups of fields of the part for programs, names in lower case. */
  readonly status: readonly Readonly<Record<string, string>>[];
  readonly statusType: string;
  /**
   * The returned part, its lines joined by LF and without empty lines at its end; null if the notification returns
   * nothing.
   */
  readonly returned: { readonly type: string; readonly lines: string } | null;
}

export async function parse(octets: Buffer): Promise<Parsed> {
  const email = await PostalMime.parse(octets, {
    attachmentEncoding: 'arraybuffer',
    forceRfc822Attachments: true,
  });
  const [status, returned, ...others] = email.attachments;
  if (status === undefined || others.length > 0) throw new Error(`${email.attachments.length} attachments`);
  return {
    header: new Map(email.headers.map(({ key, value }) => [key, value])),
    text: email.text ?? '',
    statusType: status.mimeType,
    status: groupsOf(linesOf(status.content)),
    returned: returned === undefined ? null : { type: returned.mimeType, lines: linesOf(returned.content) },
  };
}

function linesOf(content: unknown): string {
  const octets = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content as ArrayBuffer);
  return lf(octets.toString('utf8'));
}

/** Postal-mime ends some lines of attachments with LF, some with CRLF. */
export function lf(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd();
}

/** RFC 3464 2.1: groups of header fields with an empty line between them. */
function groupsOf(text: string): Record<string, string>[] {
  return text.split('\n\n').map((group) =>
    Object.fromEntries(
      group
        .replace(/\n[ \t]+/g, ' ')
        .split('\n')
        .map((line): [string, string] => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
        }),
    ),
  );
}

export const hasPython: boolean = spawnSync('python3', ['--version']).status === 0;

const PROGRAM = `
import email, email.policy, json, sys
message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
parts = list(message.iter_parts())
print(json.dumps({
  'type': message.get_content_type(),
  'reportType': message.get_param('report-type'),
  'types': [part.get_content_type() for part in parts],
  'status': [dict(group.items()) for group in parts[1].get_payload()],
  'text': parts[0].get_content(),
  'defects': [str(defect) for part in message.walk() for defect in part.defects],
}))
`;

/** A notification, as Python's email package parses it. */
export interface ByPython {
  readonly type: string;
  readonly reportType: string;
  readonly types: readonly string[];
  readonly status: readonly Readonly<Record<string, string>>[];
  readonly text: string;
  readonly defects: readonly string[];
}

export function parseByPython(octets: Buffer): ByPython {
  return JSON.parse(execFileSync('python3', ['-c', PROGRAM], { input: octets }).toString()) as ByPython;
}
