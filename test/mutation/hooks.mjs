// How Node loads sources and tests in a mutation run: compiled file by file, with the mutants in the files that have them,
// and with vitest.mjs in place of vitest.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

let project;
let texts;
/** A folder for what is compiled: the next process reads it from there. */
let cache;

export function initialize(data) {
  ({ project, texts, cache } = data);
}

export function resolve(specifier, context, next) {
  if (specifier === 'vitest')
    return { url: new URL('./vitest.mjs', import.meta.url).href, shortCircuit: true };
  if (specifier.startsWith('.') && specifier.endsWith('.js')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(url)) return { url: url.href, shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(url);
  const kept = join(cache, encodeURIComponent(path.slice(project.length)));
  if (!existsSync(kept)) writeFileSync(kept, await compile(path));
  return { format: 'module', source: readFileSync(kept, 'utf8'), shortCircuit: true };
}

async function compile(path) {
  const { transformSync } = await import('esbuild');
  const { code } = transformSync(texts[path.slice(project.length)] ?? readFileSync(path, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'es2022',
    sourcefile: path,
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  return code;
}
