// The count of hard words is a check of its own (`npm run prose`). These tests show that it sees what it should.
import { describe, expect, it } from 'vitest';
import { commentsOf, measure, paragraphsOf, titlesOf } from './words.mjs';

function dialectIn(text: string): number {
  return measure([{ file: 'a', line: 1, text }]).dialect;
}

describe('the count of hard words', () => {
  it.each([
    ['Nobody waits for it.', 1],
    ['Tells a handler something, or whoever asks.', 2],
    ['What the client may do next.', 1],
    ['There is none.', 1],
    ['Returns the reply. If it is late, closes the connection.', 0],
    ['Reads what the client sent.', 0],
  ])('in "%s" is %i', (text, expected) => {
    expect(dialectIn(text)).toBe(expected);
  });

  it('counts `if` and words', () => {
    expect(measure([{ file: 'a', line: 1, text: 'Closes it if the client is late.' }])).toMatchObject({
      words: 7,
      ifs: 1,
    });
  });

  it('reads comments and no code', () => {
    const source = "const told = 'nobody'; // one\n// two\n/** three */\nconst x = `// ${told}`;\n";
    expect(commentsOf(source).map(({ text }) => text)).toEqual(['one\ntwo', 'three']);
  });

  it('reads titles of tests', () => {
    expect(
      titlesOf("describe('a', () => { it(`b`, () => {}); it.each([1])('c %i', () => {}); });"),
    ).toMatchObject([{ text: 'a' }, { text: 'b' }, { text: 'c %i' }]);
  });

  it('leaves the code of documents out', () => {
    expect(paragraphsOf('One.\n\n```sh\nnobody\n```\n\n`told` two.').map(({ text }) => text.trim())).toEqual([
      'One.',
      'x two.',
    ]);
  });
});
