/**
 * Invariant: whatever contents share a buffer on their way to the worker, each arrives as it was, and each buffer
 * comes back once, after the last octets in it have been read.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Batch } from '../../src/store/sqlite/wire/packed.js';
import { BufferPool } from '../../src/store/intake/buffers.js';
import { type PackedCommits, unpackCommits } from '../../src/store/sqlite/wire/packed.js';
import { newMessage, octets } from './fixtures.js';

const LARGEST = 8192;
const near = (size: number) => fc.integer({ min: Math.max(0, size - 2), max: Math.min(LARGEST, size + 2) });
const size = fc.oneof(
  fc.constant(0),
  near(1),
  near(2048),
  near(LARGEST / 4),
  near(LARGEST / 2),
  near(LARGEST),
  fc.nat(LARGEST),
);

/** One post, as the worker gets it. */
function post(batch: Batch): PackedCommits {
  const { commits } = batch.take();
  return structuredClone(commits, { transfer: [...commits.buffers] });
}

it('keeps each content, and gives each buffer back once, after its last content', () => {
  fc.assert(
    fc.property(fc.array(fc.array(size, { maxLength: 12 }), { maxLength: 6 }), (posts) => {
      const pool = new BufferPool(LARGEST);
      const batch = new Batch(pool);
      let id = 0;
      for (const sizes of posts) {
        const contents = sizes.map((length) => octets(length, ++id));
        for (const [index, content] of contents.entries()) {
          const held = content.length === 0 ? null : pool.take(content.length);
          held?.set(content);
          const place = held?.subarray(0, content.length) ?? null;
          batch.add(index, {
            id: index + 1,
            message: newMessage(1),
            size: content.length,
            sequence: 0,
            content: place,
          });
        }
        expect(batch.length).toBe(sizes.length);
        const returned: ArrayBuffer[] = [];
        const commits = post(batch);
        for (const [index, { call, operation }] of unpackCommits(commits).entries()) {
          expect(call).toBe(index);
          const { piece } = operation;
          const got =
            piece === null ? new Uint8Array() : new Uint8Array(piece.buffer, piece.start, piece.length);
          expect(Buffer.from(got).equals(Buffer.from(contents[index] ?? []))).toBe(true);
          if (piece === null) continue;
          // It has gone back already: these octets could have been written over.
          expect(returned).not.toContain(piece.buffer);
          if (piece.returns) returned.push(piece.buffer);
        }
        expect(new Set(returned)).toEqual(new Set(commits.buffers));
        expect(batch.length).toBe(0);
        pool.give(returned);
      }
    }),
    { numRuns: 300 },
  );
});

it('asks for no buffer of its own while nothing is small', () => {
  const batch = new Batch(new BufferPool(LARGEST));
  batch.add(1, {
    id: 1,
    message: newMessage(1),
    size: LARGEST,
    sequence: 0,
    content: new Uint8Array(LARGEST),
  });
  expect(batch.take().commits.buffers.map(({ byteLength }) => byteLength)).toEqual([LARGEST]);
});
