import type { Vector } from '../vectors/format.js';

/** A dialogue as a file of the corpus has it: test/vectors/format.ts, without what is expected. */
export function write({ title, segments, options, verdicts }: Vector): string {
  const lines = [`== ${title}`];
  for (const [key, value] of options) lines.push(`option ${key} ${value}`);
  for (const [question, list] of verdicts) {
    for (const verdict of list) lines.push(`verdict ${question} ${escape(verdict ?? 'ok')}`);
  }
  for (const [index, { octets }] of segments.entries()) {
    if (index > 0) lines.push('TLS');
    // A line a line, so that it can be read.
    for (const piece of octets.match(/[^\n]*\n|[^\n]+$/g) ?? []) lines.push(`C: ${escape(piece)}`);
  }
  return `${lines.join('\n')}\n`;
}

const SHORT: Readonly<Record<string, string>> = {
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
  '\0': '\\0',
  '\\': '\\\\',
};

function escape(octets: string): string {
  return octets.replace(
    /[^ -[\]-~]/g,
    (octet) => SHORT[octet] ?? `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
