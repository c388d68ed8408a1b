// Bodies of POST /api/v1/send that are dear for what they weigh. Each is JSON of about so many octets.

const MAIL = { from: 'app@plain.example', to: 'you@example.net', subject: 'x' };

/** @param {number} octets @param {(count: number) => object} fields for so many repetitions */
function filled(octets, each, fields) {
  const bare = JSON.stringify({ ...MAIL, ...fields(0) }).length;
  return JSON.stringify({ ...MAIL, ...fields(Math.max(1, Math.floor((octets - bare) / each))) });
}

/** @type {Readonly<Record<string, (octets: number) => string>>} */
export const BODIES = {
  'a text': (octets) => filled(octets, 1, (count) => ({ textbody: 'x'.repeat(count) })),
  'a text of accents': (octets) => filled(octets, 2, (count) => ({ textbody: 'é'.repeat(count) })),
  'a text of accents and letters': (octets) =>
    filled(octets, 3, (count) => ({ textbody: 'aé'.repeat(count) })),
  'a text of short lines': (octets) => filled(octets, 3, (count) => ({ textbody: '\n'.repeat(count) })),
  'a text of spaces': (octets) => filled(octets, 1, (count) => ({ textbody: `${' '.repeat(count)}é` })),
  'a text of equal signs': (octets) => filled(octets, 1, (count) => ({ textbody: `${'='.repeat(count)}é` })),
  'text and html': (octets) =>
    filled(octets, 6, (count) => ({ textbody: 'aé'.repeat(count), htmlbody: 'aé'.repeat(count) })),
  'a subject': (octets) => filled(octets, 3, (count) => ({ textbody: 'x', subject: 'aé'.repeat(count) })),
  references: (octets) => filled(octets, 2, (count) => ({ textbody: 'x', references: 'a '.repeat(count) })),
  'header fields': (octets) =>
    filled(octets, 3 * 50, (count) => ({
      textbody: 'x',
      Headers: Array.from({ length: 50 }, (_, at) => ({ Name: `X-${at}`, Value: 'aé'.repeat(count) })),
    })),
  'a display name': (octets) =>
    filled(octets, 3, (count) => ({ textbody: 'x', to: `"${'aé'.repeat(count)}" <you@example.net>` })),
  'commas in to': (octets) => filled(octets, 1, (count) => ({ textbody: 'x', to: ','.repeat(count) })),
  'comments in to': (octets) =>
    filled(octets, 2, (count) => ({ textbody: 'x', to: `${'()'.repeat(count)}you@example.net` })),
  'brackets in to': (octets) => filled(octets, 1, (count) => ({ textbody: 'x', to: '('.repeat(count) })),
  tags: (octets) =>
    filled(octets, 4, (count) => ({ textbody: 'x', tags: Array.from({ length: count }, () => 'a') })),
  'unknown fields': (octets) =>
    filled(octets, 10, (count) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, 1])),
    ),
  'attachments without an octet': (octets) =>
    filled(octets, 35, (count) => ({
      textbody: 'x',
      attachments: Array.from({ length: Math.min(count, 100) }, () => ({ name: 'a.txt', content: '' })),
    })),
  'an attachment': (octets) =>
    filled(octets, 1, (count) => ({
      textbody: 'x',
      attachments: [{ name: 'a.txt', content: 'A'.repeat(count & ~3) }],
    })),
  'levels of lists': (octets) => {
    const levels = Math.floor(octets / 2);
    return `{"from":"app@plain.example","to":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  },
};
