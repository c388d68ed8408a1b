// Regression: glibc gave freed read buffers back to the kernel, and took them again with a page fault for each 4 KiB. Large
// messages took up to a third longer, by luck of the start. What makes it keep them must stand wherever a server is started.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../scratch.js';

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const SETTINGS = 'MALLOC_TRIM_THRESHOLD_=134217728 MALLOC_MMAP_THRESHOLD_=4194304';

describe('the settings of the C library', () => {
  it.runIf(process.platform !== 'win32')('are set by the first line of the program', async () => {
    const [firstLine] = text('dist/cli/main.js').split('\n', 1);
    const file = join(await scratch(), 'program.mjs');
    writeFileSync(
      file,
      `${String(firstLine)}\nconsole.log(Object.entries(process.env).map(([k, v]) => k + '=' + v).filter((one) => one.startsWith('MALLOC_')).join(' '));\n`,
    );
    chmodSync(file, 0o755);
    expect(execFileSync(file, { encoding: 'utf8' }).trim()).toBe(SETTINGS);
  });

  it('are set by npm start and by the unit for systemd', () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: { start: string } };
    expect(scripts.start).toContain(` env ${SETTINGS} node `);
    expect(text('README.md')).toContain(`\nEnvironment=${SETTINGS}\n`);
  });
});
