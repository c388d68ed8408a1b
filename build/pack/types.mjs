// The declarations of the package `postern`: one file for each entry and a few that they share, without what only the
// project itself needs to know.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';
import { failOnWarning, project } from './manifest.mjs';

/** Types that are computed from tables. What they come to is declared instead; then the types of the tables go. */
const COMPUTED = {
  'protocol/extensions/index.d.ts': [
    'OptionalExtensions',
    'MailParameters',
    'RcptParameters',
    'ExtensionQuestion',
  ],
  'protocol/state/phases.d.ts': ['PhaseKind'],
};

/** Returns the text with each of the parts replaced. */
function withReplaced(text, parts) {
  let result = text;
  for (const { from, to, by } of parts.toSorted((a, b) => b.from - a.from)) {
    result = result.slice(0, from) + by + result.slice(to);
  }
  return result;
}

/** Declares what computed types come to, in place. */
async function declareComputed(folder) {
  const files = Object.keys(COMPUTED).map((path) => join(folder, path));
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  for (const [path, names] of Object.entries(COMPUTED)) {
    const source = program.getSourceFile(join(folder, path));
    const imports = new Set();
    const parts = names.map((name) => {
      const alias = source.statements.find((one) => ts.isTypeAliasDeclaration(one) && one.name.text === name);
      const by = textOf(checker.getTypeFromTypeNode(alias.type), { checker, alias, imports });
      return { from: alias.type.getStart(source), to: alias.type.end, by };
    });
    const text = withReplaced(source.text, parts);
    await writeFile(join(folder, path), [...imports, text].join('\n'));
  }
}

/** Writes a type: an object with its members and their documentation, or a union. */
function textOf(type, { checker, alias, imports }) {
  const print = (one) => {
    importNamed(one, { checker, alias, imports });
    return checker.typeToString(one, alias, ts.TypeFormatFlags.NoTruncation);
  };
  const whole = checker.typeToString(
    type,
    alias,
    ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias,
  );
  if (type.isUnion()) return type.types.map(print).join(' | ');
  const members = checker.getPropertiesOfType(type).map((member) => {
    const optional = (member.flags & ts.SymbolFlags.Optional) !== 0;
    const documentation = ts.displayPartsToString(member.getDocumentationComment(checker));
    const comment = documentation === '' ? '' : `/** ${documentation} */\n`;
    const text = print(checker.getTypeOfSymbol(member)).replace(optional ? / \| undefined$/ : '', '');
    const readonly = whole.includes(`readonly ${member.name}`) ? 'readonly ' : '';
    return `${comment}${readonly}${member.name}${optional ? '?' : ''}: ${text};\n`;
  });
  return `{\n${members.join('')}}`;
}

/** Adds imports of the types that are named in the text of a type. */
function importNamed(type, { checker, alias, imports }) {
  const symbol = type.aliasSymbol ?? type.symbol;
  const [declaration] = symbol?.declarations ?? [];
  const file = declaration?.getSourceFile();
  if (file !== undefined && declaration.name !== undefined && file !== alias.getSourceFile()) {
    const from = relative(dirname(alias.getSourceFile().fileName), file.fileName).split(sep).join('/');
    if (!from.includes('node_modules')) {
      const path = from.startsWith('.') ? from : `./${from}`;
      imports.add(`import type { ${symbol.name} } from '${path.replace(/\.d\.ts$/, '.js')}';`);
    }
  }
  if (type.aliasSymbol !== undefined) return;
  const parts = type.isUnion() ? type.types : checker.isArrayType(type) ? checker.getTypeArguments(type) : [];
  for (const part of parts) importNamed(part, { checker, alias, imports });
}

/** Adds the names that a declaration file exports, those of others that it passes on among them. */
async function addExported(file, names) {
  const text = await readFile(file, 'utf8');
  for (const [, list] of text.matchAll(/export (?:type )?\{([^}]*)\}/g)) {
    for (const name of list.split(',')) names.add(name.trim().replace(/^type /, ''));
  }
  for (const [, name] of text.matchAll(
    /export (?:declare )?(?:class|function|interface|type|const) (\w+)/g,
  )) {
    names.add(name);
  }
  for (const [, specifier] of text.matchAll(/export \* from '([^']+)\.js'/g)) {
    await addExported(join(dirname(file), `${specifier}.d.ts`), names);
  }
}

/**
 * Exported names that go without documentation in the package, to keep it small: parts of SASL mechanisms and of relays'
 * commands, facts whose names say what they are, and what smtp-server's own documentation describes. The API reference
 * has them all.
 */
const SILENT = new RegExp(
  [
    '^Sasl|^Scram\\w|^Token|^External|^Xclient|^Xforward|^Original|^ByParameter$|^CommandLine$|^(Mail|Rcpt)Parameters$',
    '^(Syntax|SpaceBeforePath|UnknownParameters)$|^TlsFacts$|^ClientCertificate$|^Certificate(?!s)|^Listening$',
    '^Received|^ServerStats$|^(TlsSource|ServerUse|WithCertificate|PrincipalOf|CredentialsOf)$|^Arrival$',
    '^SMTPServer(?!$|Options|Hooks)|^(Awaited|Question|Wait|Transcript|TlsSessions|ms)$',
  ].join('|'),
);

/** The names whose documentation an editor shows: what is exported, but by `postern/protocol`, and is not silent. */
async function documentedNames(input) {
  const names = new Set();
  const { protocol: _, ...files } = input;
  for (const file of Object.values(files)) await addExported(file, names);
  // What `ClientOptions` has from others.
  for (const name of ['ChannelTerms', 'SessionOptions', 'ConnectionOptions']) names.add(name);
  return new Set([...names].filter((name) => !SILENT.test(name)));
}

/**
 * Returns the first sentence of a comment, and what it says of a default: an editor shows that much at a glance. Without
 * the spaces beside its marks and its last full stop, it looks the same there.
 */
function brief(comment) {
  const text = comment
    .slice(3, -2)
    .replace(/\n\s*\* ?/g, '\n')
    .replace(/\n\s*(?:@|\n)[^]*/, '')
    .replaceAll('\n', ' ')
    .replace(/\{@link (?:\w+\.)?(\w+)\}/g, '`$1`')
    .trim();
  const [first, ...others] = text.split(/(?<=\.\)?) (?=[A-Z`])/);
  const kept = [first, ...others.filter((sentence) => /^Default|\bdefault\b/.test(sentence))].join(' ');
  return kept === '' || kept.startsWith('@') ? '' : `/**${kept.replace(/\.$/, '')}*/`;
}

/**
 * Returns declarations without the spaces and the line breaks between their words: each declaration and each documentation
 * begins a line. An editor prints a type from its syntax tree, and shows the same as before.
 */
function withoutSpaces(code) {
  const scanner = ts.createScanner(ts.ScriptTarget.ES2022, false, ts.LanguageVariant.Standard, code);
  let text = '';
  let space = '';
  let depth = 0;
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    const word = scanner.getTokenText();
    if (token === ts.SyntaxKind.NewLineTrivia || (token === ts.SyntaxKind.WhitespaceTrivia && space === '')) {
      space = token === ts.SyntaxKind.NewLineTrivia ? '\n' : ' ';
    } else if (token !== ts.SyntaxKind.WhitespaceTrivia) {
      if (word === '{' || word === '}') depth += word === '{' ? 1 : -1;
      const begins = word.startsWith('/**') || (depth === 0 && word !== '}' && !text.endsWith('*/'));
      const needed = (space === '\n' && begins) || (/[\w$'"]$/.test(text) && /^[\w$'"#]/.test(word));
      // The last member of a type needs no semicolon.
      if (word === '}') text = text.replace(/(?<!\));$/, '');
      text += (needed ? space : '') + word;
      space = '';
    }
  }
  return `${text}\n`;
}

const withoutComments = (text) => text.replace(/\/\*\*[^]*?\*\/\s*/g, '');

/** Leaves out private members, the documentation of what only the declarations of others name, and white space. */
const shorter = (documented) => ({
  name: 'shorter',
  renderChunk(code) {
    const source = ts.createSourceFile('chunk.d.ts', code, ts.ScriptTarget.ES2022, true);
    const statements = source.statements.map((statement) => {
      const declared = statement.name ?? statement.declarationList?.declarations[0]?.name;
      const inner = declared !== undefined && !documented.has(declared.text);
      const text = statement.getFullText();
      // The words of a union have no comments one by one.
      const before = statement.getLeadingTriviaWidth();
      if (!inner && ts.isTypeAliasDeclaration(statement) && ts.isUnionTypeNode(statement.type)) {
        return text.slice(0, before) + withoutComments(text.slice(before));
      }
      // What a parameter is, the member that it becomes has said.
      return inner ? withoutComments(text) : text.replace(/(?<=\bconstructor\()[^;]*\);/g, withoutComments);
    });
    const text = statements
      .join('')
      .replace(/\/\*\*[^]*?\*\//g, brief)
      .replace(/^ +/gm, '')
      .replace(/^import '[^']+';\n/gm, '')
      .replace(/^private readonly \w+;\n/gm, '')
      .replace(/\{\n(readonly type: '\w+';)\n\}/g, '{ $1 }');
    return { code: withoutSpaces(text), map: null };
  },
});

/** @param input the file of each entry, by the name that it gets in the folder; relative to `dist` */
export async function bundleTypes(input, folder) {
  const temporary = await mkdtemp(join(tmpdir(), 'postern-types-'));
  try {
    await cp(join(project, 'dist'), temporary, {
      recursive: true,
      filter: (from) => !/\.\w+$/.test(from) || from.endsWith('.d.ts'),
    });
    await declareComputed(temporary);
    const files = Object.fromEntries(
      Object.entries(input).map(([name, path]) => [name, join(temporary, path)]),
    );
    const bundle = await rollup({
      input: files,
      external: /^node:/,
      plugins: [dts(), shorter(await documentedNames(files))],
      // Each type that two entries share is exported by `postern`, which the plugin does not see.
      onwarn: (warning) => /private shared type exports/.test(warning.message) || failOnWarning(warning),
    });
    await bundle.write({
      dir: folder,
      format: 'es',
      entryFileNames: '[name].d.cts',
      chunkFileNames: 'chunks/[name].cts',
      minifyInternalExports: false,
    });
    await bundle.close();
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  for (const name of Object.keys(input)) {
    const declarations = await readFile(join(folder, `${name}.d.cts`), 'utf8');
    const hasDefault = /\bas default\b/.test(declarations);
    await writeFile(
      join(folder, `${name}.d.mts`),
      `export * from './${name}.cjs';\n` + (hasDefault ? `export { default } from './${name}.cjs';\n` : ''),
    );
  }
}
