/**
 * Invariant: no message and no body makes a thread reach the bound of its heap. There V8 ends the whole process if a single
 * object is too large, and Node can do nothing about it. So this runs in a process of its own.
 */
import { expect, it } from 'vitest';
import { runChild } from '../store/sqlite-fixtures.js';

it('half of the heap does for whatever the limits let through', async () => {
  const child = runChild('../../durability/children/heap.mjs', []);
  const lines: string[] = [];
  for (let line = await child.lines.next(); line.done !== true; line = await child.lines.next()) {
    lines.push(line.value);
  }
  expect({ exitCode: await child.exited, errors: child.errors() }).toEqual({ exitCode: 0, errors: '' });
  expect(lines).toHaveLength(13);
  expect(lines.filter((line) => !line.endsWith(': done'))).toEqual([]);
}, 300_000);
