// A program for npm's smtp-server, run with it and with the adapter: the same program, the same output.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { testCertificates } from '../certs.js';
import { PROJECT } from '../docs/markdown.js';
import { installed, Program } from '../docs/programs.js';

const text = readFileSync(new URL('program.mjs', import.meta.url), 'utf8');

async function run(module: string): Promise<string[]> {
  const folder = await installed();
  await symlink(join(PROJECT, 'node_modules/smtp-server'), join(folder, 'node_modules/smtp-server'));
  await writeFile(join(folder, 'main.mjs'), text.replace("from 'smtp-server'", `from '${module}'`));
  const files = JSON.stringify(await testCertificates());
  const program = new Program(spawn(process.execPath, ['main.mjs', files], { cwd: folder }));
  expect((await program.exited)[0], program.output).toBe(0);
  // It warns of its default certificate.
  return program.output.split('\n').filter((line) => !line.startsWith('WARNING'));
}

/** The names of an interface in a file of `src/smtp-server`. */
function namesIn(file: string, name: string): string[] {
  const source = readFileSync(join(PROJECT, 'src/smtp-server', file), 'utf8');
  const body = new RegExp(`interface ${name}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? '';
  return Array.from(body.matchAll(/^ {2}(\w+)\??[:(]/gm), ([, one = '']) => one);
}

it('prints the same with either import', async () => {
  const [ours, theirs] = await Promise.all([run('postern/smtp-server'), run('smtp-server')]);
  expect(ours).toEqual(theirs);
  expect(ours.length).toBeGreaterThan(600);
});

it('uses every option and every hook', () => {
  const options = namesIn('options.ts', 'SMTPServerOptions').filter((name) => name !== 'postern');
  const hooks = namesIn('types.ts', 'SMTPServerHooks');
  expect(options.length).toBeGreaterThan(35);
  expect(hooks.length).toBe(7);
  const missing = [...options, ...hooks].filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
  expect(missing).toEqual([]);
});
