/** The limits of the MIME reader, as rows of the kind that `src/base/limit.ts` describes. */
export const MIME = {
  lines: {
    about: 'Lines of a message that is parsed, for an https API or a webhook.',
    initial: 5_000_000,
    unit: 'count',
    source: 'half a second of work; 50 MiB of text with ten characters a line',
  },
  header: {
    about: 'Header section of a message, or of a part of one, that is parsed.',
    initial: 1024 * 1024,
    unit: 'octets',
    source: 'four times smtp.max_header_size',
  },
  fields: {
    about: 'Header fields of a message that is parsed, those of its parts included.',
    initial: 200_000,
    unit: 'count',
    source: 'a header section of 1 MiB with only short fields',
  },
  parts: {
    about: 'Parts of a message that is parsed, its multiparts included.',
    initial: 1000,
    unit: 'count',
    source: "mailsplit's limit of child nodes; letters have a dozen",
  },
  depth: {
    about: 'Depth of multiparts in multiparts of a message that is parsed.',
    initial: 50,
    unit: 'count',
    source: 'forwarding clients nest five deep; Postfix stops at 100 (mime_nesting_limit)',
  },
  parameters: {
    about: 'Parameters of one Content-Type or Content-Disposition field (RFC 2231 cuts long ones into many).',
    initial: 1000,
    unit: 'count',
    source: 'a file name of 60,000 characters',
  },
  text: {
    about: 'Decoded text of a message that is parsed, plain and HTML together.',
    initial: 16 * 1024 * 1024,
    unit: 'octets',
    source: 'a worker can hold it twice within its heap; letters have a few kilobytes',
  },
} as const;
