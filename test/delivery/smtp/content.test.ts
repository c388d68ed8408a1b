/** Invariant: DATA carries the content with a dot added to lines that begin with one, and ends once. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { asData } from '../../../src/client/parts.js';

const text = fc
  .array(fc.constantFrom('.', 'a', 'é', '\r\n'), { maxLength: 20 })
  .map((parts) => parts.join(''));

it('gives the content back when the added dots are removed', () => {
  fc.assert(
    fc.property(text, (content) => {
      const data = String(asData(Buffer.from(content)));
      const end = data.search(/^\.\r\n/m);
      expect(end).toBe(data.length - 3);
      const taken = data.slice(0, end).replace(/^\.\./gm, '.');
      // With DATA, the last line of the content always ends with CRLF.
      expect(taken).toBe(content.endsWith('\r\n') ? content : `${content}\r\n`);
    }),
  );
});

it.each(['a\nb\r\n', 'a\rb\r\n', '\na\r\n', 'a\r', '\r\r\n', '\n'])(
  'returns null for %j, which DATA cannot carry',
  (content) => {
    expect(asData(Buffer.from(content))).toBeNull();
  },
);
