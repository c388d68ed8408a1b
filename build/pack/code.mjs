// The code of the package `postern`: once, as CommonJS, with ES modules that pass its exports on, so that a program that
// uses both has one class of each name.
import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { minify } from '@swc/core';
import { rollup } from 'rollup';
import ts from 'typescript';
import { failOnWarning } from './manifest.mjs';

/** What `postern/testing` decodes messages with: the packages for that have tables of a megabyte. */
const LIGHT = {
  '@exodus/bytes/encoding.js': 'encoding.mjs',
  'iconv-lite': 'iconv-lite.mjs',
  libmime: 'libmime.mjs',
};
const light = {
  name: 'light',
  resolveId: (id) => (id in LIGHT ? join(import.meta.dirname, 'light', LIGHT[id]) : null),
};

/** Leaves out what the tables of limits say to operators and to `docs/limits.md`. Nothing at run time reads it. */
const withoutWordsOfLimits = {
  name: 'without-words-of-limits',
  transform(code, id) {
    if (!id.endsWith('limits.js')) return null;
    const words =
      /^ +(?:about|source|unit):\s+(?:(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")(?:\s+\+\s+)?)+,\n/gm;
    return { code: code.replace(words, ''), map: null };
  },
};

/** Built-ins that take Node a while to load, and that much of a program never needs: a server without TLS, say. */
const SLOW = new Set([
  'crypto',
  'dns',
  'fs',
  'fs/promises',
  'os',
  'perf_hooks',
  'timers/promises',
  'tls',
  'url',
]);

/** Loads the slow built-ins when they are first used: 5 ms less for `require('postern')` in bench/import-cost.mjs. */
const lazyBuiltIns = {
  name: 'lazy-built-ins',
  renderChunk(code) {
    let lazy = code;
    for (const [statement, name, builtIn] of code.matchAll(
      /^const (\w+) = require\('node:([\w/]+)'\);\n/gm,
    )) {
      if (!SLOW.has(builtIn)) continue;
      const uses = new RegExp(`(?<![.\\w])${name}\\.(?=\\w)`, 'g');
      lazy = lazy
        .replace(statement, '')
        // In brackets: `new crypto().X()` would be another thing.
        .replaceAll(uses, `(${name}()).`)
        .replace(
          '\n',
          `\nlet ${name}_;\nfunction ${name}() { return ${name}_ ??= require('node:${builtIn}'); }\n`,
        );
    }
    return { code: lazy, map: null };
  },
};

/** Whether the function is more than its parameters and its body: it has a `this`, or it can be stopped half-way. */
function needsFunction({ asteriskToken, body }) {
  const found = (node) =>
    node.kind === ts.SyntaxKind.ThisKeyword ||
    (ts.isIdentifier(node) && node.text === 'arguments') ||
    ts.isMetaProperty(node) ||
    (!ts.isClassLike(node) && ts.forEachChild(node, found) === true);
  return asteriskToken !== undefined || found(body);
}

/**
 * Writes the functions of a module as arrow functions, which take 1.5 kB less. They stand before everything else, as if
 * they were hoisted.
 */
function withArrows(text) {
  const source = ts.createSourceFile('chunk.js', text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  // An arrow function cannot be called with `new`.
  const constructors = new Set(Array.from(text.matchAll(/\bnew (\w+)/g), ([, name]) => name));
  let arrows = '';
  let rest = '';
  let end = 0;
  for (const statement of source.statements) {
    if (!ts.isFunctionDeclaration(statement) || needsFunction(statement)) continue;
    if (constructors.has(statement.name.text)) continue;
    const { name, parameters, body, modifiers } = statement;
    const list = parameters.map((parameter) => parameter.getText()).join(', ');
    arrows += `const ${name.text} = ${modifiers === undefined ? '' : 'async '}(${list}) => ${body.getText()};\n`;
    rest += text.slice(end, statement.getFullStart());
    end = statement.end;
  }
  rest += text.slice(end);
  const [directive] = /^'use strict';\n/.exec(rest) ?? [''];
  return directive + arrows + rest.slice(directive.length);
}

/** Leaves out declarations of members that the constructor gives a value anyway: `code;` before `this.code = code;`. */
function withoutFields(text) {
  const source = ts.createSourceFile('chunk.js', text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const cuts = [];
  const visit = (node) => {
    ts.forEachChild(node, visit);
    if (!ts.isClassLike(node)) return;
    const made = node.members.find(ts.isConstructorDeclaration)?.body.statements ?? [];
    const given = new Set(
      made.map((one) => /^this\.(\w+) = /.exec(one.getText())?.[1]).filter((name) => name !== undefined),
    );
    for (const member of node.members) {
      const bare = ts.isPropertyDeclaration(member) && member.initializer === undefined;
      if (bare && given.has(member.name.text)) cuts.push({ from: member.getFullStart(), to: member.end });
    }
  };
  visit(source);
  return cuts
    .toSorted((a, b) => b.from - a.from)
    .reduce((rest, { from, to }) => rest.slice(0, from) + rest.slice(to), text);
}

/**
 * Comments, white space and local names are left out. The names of classes stay, since `console.log` and stack traces show
 * them; errors have theirs as properties, too.
 */
const smaller = {
  name: 'smaller',
  async renderChunk(text) {
    const { code } = await minify(withArrows(withoutFields(text)), {
      toplevel: true,
      compress: { ecma: 2022, passes: 5, keep_fargs: false, pure_getters: true, unsafe_arrows: true },
      mangle: { toplevel: true, keep_classnames: true },
      format: { comments: false },
    });
    return { code, map: null };
  },
};

/**
 * Writes the files of an entry. They are small: Node looks for exports in a CommonJS file that an ES module imports, and
 * takes 25 ms for a large one.
 */
async function passOn(folder, name) {
  const chunk = `./chunks/${name}.cjs`;
  const exported = Object.keys(createRequire(import.meta.url)(join(folder, chunk)));
  const names = exported.filter((one) => one !== 'default' && one !== '__esModule');
  const hasDefault = exported.includes('default');
  // In two statements: Node would follow `module.exports = require(...)` and look for exports there. A default export is
  // written out, for tools that read `module.exports =` as the default.
  const passed = hasDefault
    ? `exports.__esModule = true;\n${[...names, 'default'].map((one) => `exports.${one} = all.${one};\n`).join('')}`
    : 'module.exports = all;\n';
  await writeFile(join(folder, `${name}.cjs`), `const all = require('${chunk}');\n${passed}`);
  await writeFile(
    join(folder, `${name}.mjs`),
    `import all from './${name}.cjs';\nexport const { ${names.join(', ')} } = all;\n` +
      (hasDefault ? 'export default all.default;\n' : ''),
  );
}

/** @param input the file of each entry, by the name that it gets in the folder */
export async function bundleCode(input, folder) {
  const bundle = await rollup({
    input,
    external: /^node:/,
    // A built-in of which a chunk uses nothing is not loaded by it.
    treeshake: { moduleSideEffects: 'no-external' },
    plugins: [light, withoutWordsOfLimits, lazyBuiltIns, smaller],
    onwarn: failOnWarning,
  });
  await bundle.write({
    dir: folder,
    format: 'cjs',
    exports: 'named',
    interop: 'default',
    esModule: true,
    entryFileNames: 'chunks/[name].cjs',
    chunkFileNames: 'chunks/[name].cjs',
    generatedCode: { preset: 'es2015', symbols: false },
    hoistTransitiveImports: false,
    minifyInternalExports: true,
  });
  await bundle.close();
  for (const name of Object.keys(input)) await passOn(folder, name);
}
