/** The limits of the MIME reader, as rows of the kind that `src/base/limit.ts` describes. */
export const MIME = {
  lines: {
    about: 'Lines of a message that is taken apart, for an https API or a webhook.',
    initial: 5_000_000,
    unit: 'count',
    source: 'half a second of work; 50 MiB of text with ten characters a line',
  },
  header: {
    about: 'Header section of a message, or of a part of one, that is taken apart.',
    initial: 1024 * 1024,
    unit: 'octets',
    source: 'four times what smtp.max_header_size takes',
  },
  fields: {
    about: 'Header fields of a message that is taken apart, those of its parts included.',
    initial: 200_000,
    unit: 'count',
    source: 'a header section of 1 MiB that has nothing but short fields',
  },
  parts: {
    about: 'Parts of a message that is taken apart, the multiparts among them included.',
    initial: 1000,
    unit: 'count',
    source: "mailsplit's limit of child nodes; letters have a dozen",
  },
  depth: {
    about: 'Multiparts in multiparts of a message that is taken apart.',
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
    about: 'Decoded text of a message that is taken apart, plain and HTML together.',
    initial: 16 * 1024 * 1024,
    unit: 'octets',
    source: 'what a worker can hold twice within its heap; letters have a few kilobytes',
  },
} as const;
