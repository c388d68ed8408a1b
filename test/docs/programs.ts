// What the tests of documents share: programs that are started as a user would start them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { testCertificates } from '../certs.js';
import { scratch } from '../scratch.js';
import { PROJECT } from './markdown.js';

/** A started program and what it says. It ends with the test. */
export class Program {
  output = '';
  readonly exited: Promise<unknown[]>;

  constructor(readonly child: ChildProcess) {
    this.exited = once(child, 'exit');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await this.exited;
    });
  }

  /** Waits until the output matches. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (Date.now() > deadline) throw new Error(`never said ${String(pattern)}, but:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** A folder in which `postern` and `nodemailer` can be imported. */
export async function installed(): Promise<string> {
  const folder = await scratch();
  await mkdir(join(folder, 'node_modules'));
  // The package as it is packed, if test/package/check.mjs runs this.
  await symlink(process.env['POSTERN_PACKED'] ?? PROJECT, join(folder, 'node_modules/postern'));
  await symlink(join(PROJECT, 'node_modules/nodemailer'), join(folder, 'node_modules/nodemailer'));
  return folder;
}

/** Makes the files that `npm run certs` makes in a checkout. */
export async function developmentCertificates(folder: string): Promise<void> {
  const { ca, cert, key } = await testCertificates();
  await mkdir(join(folder, 'certs'));
  await copyFile(ca, join(folder, 'certs/ca.pem'));
  await copyFile(cert, join(folder, 'certs/localhost.pem'));
  await copyFile(key, join(folder, 'certs/localhost-key.pem'));
}

/** Writes a program into a folder and starts it. */
export async function start(folder: string, name: string, text: string): Promise<Program> {
  await writeFile(join(folder, name), text);
  return new Program(spawn(process.execPath, [name], { cwd: folder }));
}
