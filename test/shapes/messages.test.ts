/** The generator that other tests and the bench trust: sizes, line ends and memory are what it says. */
import { describe, expect, it } from 'vitest';
import { BLOCK, HEADER_SECTION, SHAPES, shapeOf, stuffed, wholeOf } from './messages.mjs';

describe.each(SHAPES.map((shape) => [shape.name, shape] as const))('the shape %s', (_name, shape) => {
  it.each([4 * 1024, 64 * 1024, 300 * 1024])('of %i octets has nearly as many, and never more', (octets) => {
    const { length } = wholeOf(shape, octets);
    expect(length).toBeLessThanOrEqual(octets);
    expect(length).toBeGreaterThan(0.9 * octets);
  });

  it('comes in small blocks, and ends each line with CRLF', () => {
    for (const block of shape.message(2 * 1024 * 1024)) expect(block.length).toBeLessThanOrEqual(BLOCK);
    const text = wholeOf(shape, 300 * 1024).toString('latin1');
    expect(text.endsWith('\r\n')).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it('has one From and a header section below the limit', () => {
    const text = wholeOf(shape, 300 * 1024).toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    expect(end).toBeGreaterThan(0);
    expect(end + 4).toBeLessThanOrEqual(HEADER_SECTION);
    expect(text.slice(0, end + 2).match(/^From:/gm)).toHaveLength(1);
  });
});

it('has a name for each shape', () => {
  expect(new Set(SHAPES.map(({ name }) => name)).size).toBe(SHAPES.length);
  expect(shapeOf('blank-lines').about).toBe('lines without an octet');
  expect(() => shapeOf('square')).toThrow(/no shape "square"; there are text, blank-lines,/);
});

it('doubles each full stop at the beginning of a line, wherever blocks end', () => {
  const text = '.a\r\n.\r\n..\r\nb.\r\n.';
  const cuts = Array.from({ length: text.length }, (_, cut) => [text.slice(0, cut), text.slice(cut)]);
  for (const pieces of cuts) {
    const blocks = pieces.filter((piece) => piece !== '').map((piece) => Buffer.from(piece));
    const sent = Buffer.concat([...stuffed(blocks)]).toString();
    expect(sent).toBe('..a\r\n..\r\n...\r\nb.\r\n...\r\n');
  }
});
