import { expect, it } from 'vitest';
import { newMessageId, parseMessageId } from '../../src/message/mailbox.js';

it('makes an id that parses and never repeats', () => {
  const made = Array.from({ length: 1000 }, () => newMessageId('x.example'));
  expect(new Set(made).size).toBe(1000);
  for (const id of made) {
    expect(id).toMatch(/^<[^@<>]+@x\.example>$/);
    expect(parseMessageId(` ${id}`)).toBe(id);
  }
});

it.each([' <a@b>', '<a@b>\t', '<"x y"@b>'.replace(' ', ''), '<a@[192.0.2.1]>', '<a@b@c>'])(
  'reads %j',
  (text) => {
    expect(parseMessageId(text)).toBe(text.trim());
  },
);

it.each(['', 'a@b', '<a>', '<@b>', '<a@>', '<a b@c>', '<a@b> <c@d>', '<a@b\r\n>', '<ü@b>', '<<a@b>>'])(
  'finds no id in %j',
  (text) => {
    expect(parseMessageId(text)).toBeNull();
  },
);
