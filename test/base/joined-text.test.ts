import { expect, it } from 'vitest';
import { JoinedText } from '../../src/base/joined-text.js';

it('is all pieces in their order, however many and however long', () => {
  const text = new JoinedText();
  let expected = '';
  for (let n = 0; n < 200_000; n++) {
    text.add(String(n));
    expected += String(n);
  }
  expect(text.text === expected).toBe(true);
  for (const piece of ['', 'x'.repeat(600_000), 'y']) {
    text.add(piece);
    expected += piece;
  }
  expect(text.text === expected).toBe(true);
  expect(new JoinedText().text).toBe('');
});
