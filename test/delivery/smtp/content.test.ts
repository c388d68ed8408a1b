/** Invariant: what DATA carries is the content with a dot more on lines that begin with one, and ends once. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { asData } from '../../../src/client/index.js';

const text = fc
  .array(fc.constantFrom('.', 'a', 'é', '\r\n'), { maxLength: 20 })
  .map((parts) => parts.join(''));

it('whoever takes the dots off again has the content', () => {
  fc.assert(
    fc.property(text, (content) => {
      const data = String(asData(Buffer.from(content)));
      const end = data.search(/^\.\r\n/m);
      expect(end).toBe(data.length - 3);
      const taken = data.slice(0, end).replace(/^\.\./gm, '.');
      // DATA knows no content whose last line has no end.
      expect(taken).toBe(content.endsWith('\r\n') ? content : `${content}\r\n`);
    }),
  );
});

it.each(['a\nb\r\n', 'a\rb\r\n', '\na\r\n', 'a\r', '\r\r\n', '\n'])(
  '%j is not as DATA carries it',
  (content) => {
    expect(asData(Buffer.from(content))).toBeNull();
  },
);
