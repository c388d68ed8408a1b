import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempFolder } from './fixtures.js';
import { runChild } from './sqlite-fixtures.js';

/** Mounts a device of 12 MiB on a folder, seen by the command behind it alone, which needs no root. */
function smallDevice(directory: string): string[] {
  return [
    'unshare',
    '--mount',
    '--map-root-user',
    'sh',
    '-c',
    `mount -t tmpfs -o size=12m tmpfs '${directory}' && exec "$@"`,
    'sh',
  ];
}

function canMount(): boolean {
  const folder = tempFolder();
  const [command = '', ...args] = smallDevice(folder.path);
  const { status } = spawnSync(command, [...args, 'true']);
  folder.remove();
  return status === 0;
}

describe('a full disk', () => {
  let folder: ReturnType<typeof tempFolder>;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.remove());

  // Needs Linux and user namespaces (or root) to have a device of its own that is really full.
  it.skipIf(!canMount())('is told as such, harms nothing stored, and passes', async () => {
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
