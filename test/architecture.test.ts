// The arrows hold only if the tool that guards them would say no. So it is shown a small tree in which
// every folder imports every other one, and it must refuse exactly what the drawing does not allow.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = fileURLToPath(new URL('../', import.meta.url));

/** The drawing of docs/architecture.md, copied by hand: a second pair of eyes on the rules' own table. */
const allowed: Record<string, readonly string[]> = {
  base: [],
  protocol: ['base'],
  server: ['base', 'protocol'],
  client: ['base', 'protocol'],
  message: ['base'],
  store: ['base'],
  submission: ['base', 'protocol', 'server', 'message', 'store'],
  delivery: ['base', 'client', 'store', 'message'],
  api: ['base', 'store', 'submission', 'delivery', 'message'],
  dashboard: [],
  load: ['base', 'client', 'server', 'protocol'],
  testing: ['base', 'server', 'protocol', 'message'],
  'smtp-server': ['base', 'server', 'protocol'],
  config: ['base'],
  cli: [
    ...['base', 'protocol', 'server', 'client', 'message', 'store'],
    ...['submission', 'delivery', 'api', 'load', 'config'],
  ],
};
const folders = Object.keys(allowed);

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

let tree: string;
let violations: readonly Violation[];

/** Each file of the small tree, and what it says. */
function files(): Map<string, string> {
  const out = new Map<string, string>([
    ['tsconfig.json', '{ "compilerOptions": { "module": "NodeNext", "target": "ES2022" } }'],
    [
      'package.json',
      '{ "type": "module", "dependencies": { "third": "1" }, "devDependencies": { "dev": "1" } }',
    ],
    ['node_modules/third/package.json', '{ "name": "third", "version": "1.0.0", "main": "index.js" }'],
    ['node_modules/third/index.js', 'module.exports = 1;'],
    ['node_modules/dev/package.json', '{ "name": "dev", "version": "1.0.0", "main": "index.js" }'],
    ['node_modules/dev/index.js', 'module.exports = 1;'],
    ['src/server/cycle-a.ts', `import { b } from './cycle-b.js'; export const a = (): unknown => b;`],
    ['src/server/cycle-b.ts', `import { a } from './cycle-a.js'; export const b = (): unknown => a;`],
    ['src/server/uses-nothing-real.ts', `export * from './missing.js';`],
    ['src/store/uses-dev.ts', `import dev from 'dev'; export const d = dev;`],
    ['src/attic/thing.ts', `export * from '../store/thing.js';`],
    ['src/index.ts', folders.map((folder) => `export * from './${folder}/thing.js';`).join('\n')],
  ]);
  for (const folder of folders) {
    out.set(`src/${folder}/thing.ts`, 'export interface Thing { readonly it: number }');
    out.set(`src/${folder}/uses-third.ts`, `import third from 'third'; export const t = third;`);
    out.set(`src/${folder}/uses-net.ts`, `import * as net from 'node:net'; export const n = net;`);
    for (const other of folders) {
      if (other === folder) continue;
      // A type, not a value: the kind of arrow that is gone once compiled and easily overlooked.
      const line = `import type { Thing } from '../${other}/thing.js'; export type T = Thing;`;
      out.set(`src/${folder}/uses-${other}.ts`, line);
    }
  }
  return out;
}

/** Runs the project's rules over `cwd`; a violation is a finding here, not a failure. */
function cruise(cwd: string): Promise<readonly Violation[]> {
  const bin = join(project, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(project, '.dependency-cruiser.cjs');
  const args = [bin, '--config', config, '--output-type', 'json', 'src'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      try {
        const report = JSON.parse(stdout) as { summary: { violations: Violation[] } };
        resolve(report.summary.violations);
      } catch {
        reject(new Error(`dependency-cruiser gave no report: ${stderr}`, { cause: error }));
      }
    });
  });
}

/** The names of the rules that `from` breaks (by importing `to`, where given), sorted. */
function broken(from: string, to?: string): string[] {
  const names = violations
    .filter((violation) => violation.from === from && (to === undefined || violation.to === to))
    .map((violation) => violation.rule.name);
  return [...new Set(names)].sort();
}

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'postern-arrows-'));
  for (const [path, text] of files()) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  violations = await cruise(tree);
}, 120_000);

afterAll(() => rm(tree, { recursive: true, force: true }));

describe('the arrows', () => {
  for (const folder of folders) {
    it(`${folder} may import ${allowed[folder]?.join(', ') || 'nothing'}`, () => {
      const refused = folders.filter((other) => broken(`src/${folder}/uses-${other}.ts`).length > 0);
      const expected = folders.filter((other) => other !== folder && !allowed[folder]?.includes(other));
      expect(refused).toEqual(expected);
    });
  }

  it('index.ts may import base, server and protocol', () => {
    const refused = folders.filter((folder) => broken('src/index.ts', `src/${folder}/thing.ts`).length > 0);
    expect(refused).toEqual(folders.filter((folder) => !['base', 'server', 'protocol'].includes(folder)));
  });

  it('a folder that is not in the drawing may import nothing', () => {
    expect(broken('src/attic/thing.ts')).toContain('no-unknown-folder');
  });

  it('cycles are refused', () => {
    expect(broken('src/server/cycle-a.ts')).toEqual(['no-cycle']);
  });
});

describe('what is outside src', () => {
  it('the library needs no package', () => {
    const refused = folders.filter((folder) => broken(`src/${folder}/uses-third.ts`).length > 0);
    expect(refused.sort()).toEqual(['base', 'client', 'protocol', 'server', 'smtp-server']);
  });

  it('the protocol needs no built-in either', () => {
    const refused = folders.filter((folder) => broken(`src/${folder}/uses-net.ts`).length > 0);
    expect(refused).toEqual(['protocol']);
  });

  it('what ships needs nothing that only developers install', () => {
    expect(broken('src/store/uses-dev.ts')).toEqual(['no-development-dependency']);
  });

  it('an import that leads nowhere is refused, not skipped', () => {
    expect(broken('src/server/uses-nothing-real.ts')).toContain('resolvable');
  });
});
