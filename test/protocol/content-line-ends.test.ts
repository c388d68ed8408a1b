/** If content comes in pieces, a dot ends it only after CRLF, though the content was refused before. */
import { describe, expect, it } from 'vitest';
import { ContentDecoder, lineEnds } from '../../src/protocol/content/decoder.js';
import { octetsOf } from './session-harness.js';

/** Returns the last step of a decoder that swallows these pieces. */
function swallowed(...pieces: readonly string[]): string {
  const decoder = new ContentDecoder();
  decoder.swallow();
  let step = 'none';
  for (const octets of pieces.map(octetsOf)) {
    decoder.position = 0;
    do step = decoder.next(octets, decoder.position);
    while (step !== 'more' && step !== 'end');
  }
  return step;
}

describe('content that is swallowed', () => {
  it('ends with a dot that comes in the piece after its CRLF', () => {
    expect(swallowed('a\r\n', '.\r\n')).toBe('end');
  });

  it.each(['a\rx', 'a\n', 'ab', '\rx'])('does not end with a dot that comes after %j', (piece) => {
    expect(swallowed(piece, '.\r\n')).toBe('more');
  });
});

it('counts an LF that is the first octet as a line end', () => {
  expect(lineEnds(octetsOf('\na\n'))).toBe(2);
});
