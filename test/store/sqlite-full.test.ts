import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempFolder } from './fixtures.js';
import { canMount, smallDevice } from './small-device.js';
import { runChild } from './sqlite-fixtures.js';

describe('a full disk', () => {
  let folder: ReturnType<typeof tempFolder>;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.remove());

  it.skipIf(!canMount())('is reported as such, harms nothing stored, and is temporary', async () => {
    const child = runChild('full.mjs', [folder.path], smallDevice(folder.path));
    const lines: string[] = [];
    for (let line = await child.lines.next(); line.done !== true; line = await child.lines.next()) {
      lines.push(line.value);
    }
    expect({ lines, errors: child.errors() }).toEqual({
      lines: [
        'small full true',
        'large full',
        'crowd true',
        'readable 1',
        'recovered true',
        'kept true',
        'once true',
      ],
      errors: '',
    });
    expect(await child.exited).toBe(0);
  });
});
