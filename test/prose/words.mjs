// Counts words that make prose hard to read for people who do not know the project, in comments, documents and
// test titles, and compares their share with the share in well-known projects of the field (h11, mox, undici and
// rustls use `if` 8 to 15 times per thousand words of comment). `npm run check` runs it; `--list` prints each place.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { forEachComment } from 'ts-api-utils';
import ts from 'typescript';

/** Uses of a private dialect. Each costs a reader more than the plain word. */
export const DIALECT = [
  ['nobody, somebody, whoever', /\b(?:nobody|somebody|whoever)\b/gi],
  ['told, tells', /\b(?:told|tells)\b/gi],
  ['is none', /\b(?:is|are|has|have) none\b/gi],
  [
    'behind, where "after" is meant',
    /\bbehind (?:it|them|that|each|the (?:last|first|end|reply|command|dot))\b/gi,
  ],
  // A sentence without a main verb: "What a client may do."
  ['sentence without a main verb', /(?:^|[.:] )(?:What|Who|Whom) [^.?!:]{3,80}[.](?=\s|$)/gm],
];

/** At least so many `if` in a thousand words of comment. */
export const MINIMUM_IF = 4;
/** At most so many uses of the dialect, all kinds together, in a thousand words of each kind of text. */
export const MAXIMUM_DIALECT = 1.5;

/**
 * Returns the comments of a source file, one string for each block; consecutive line comments are one block.
 * Directives of tools are left out.
 */
export function commentsOf(text, name = 'file.ts') {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  const out = [];
  let previous;
  forEachComment(source, (full, { pos, end, kind }) => {
    const comment = full.slice(pos, end);
    if (/^\/\/(?:\/|#)|eslint-|prettier-ignore|@ts-|^\/\* v8/.test(comment)) return;
    const plain = comment
      .replace(/^\/\*+|\*+\/$/g, '')
      .replace(/^[ \t]*(?:\*|\/\/+) ?/gm, '')
      .trim();
    const line = source.getLineAndCharacterOfPosition(pos).line + 1;
    const isLine = kind === ts.SyntaxKind.SingleLineCommentTrivia;
    if (isLine && previous !== undefined && previous.isLine && previous.last === line - 1) {
      previous.text += `\n${plain}`;
      previous.last = line;
      return;
    }
    previous = { text: plain, line, last: line, isLine };
    out.push(previous);
  });
  return out;
}

/** Returns the titles of a test file: the first argument of `describe` and `it`. */
export function titlesOf(text, name = 'file.test.ts') {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  const out = [];
  const visit = (node) => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression.getText(source);
      const [title] = node.arguments;
      if (/^(?:describe|it|test)\b/.test(callee) && title !== undefined && ts.isStringLiteralLike(title)) {
        out.push({ text: title.text, line: source.getLineAndCharacterOfPosition(title.pos).line + 1 });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return out;
}

/** Returns the paragraphs of a Markdown document without its code. */
export function paragraphsOf(text) {
  const prose = text
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, ''))
    .replace(/`[^`\n]*`/g, 'x');
  const out = [];
  let line = 1;
  for (const paragraph of prose.split(/\n\s*\n/)) {
    out.push({ text: paragraph, line });
    line += paragraph.split('\n').length + 1;
  }
  return out;
}

/** Returns how many words a text has. */
function count(text) {
  return text.match(/[A-Za-z][A-Za-z'-]*/g)?.length ?? 0;
}

/** Adds up words, `if` and the dialect over blocks of text, and keeps where each use of the dialect stands. */
export function measure(blocks) {
  const result = { words: 0, ifs: 0, dialect: 0, places: [] };
  for (const { file, line, text } of blocks) {
    result.words += count(text);
    result.ifs += text.match(/\bif\b/gi)?.length ?? 0;
    for (const [name, pattern] of DIALECT) {
      for (const match of text.replace(/\s*\n\s*/g, ' ').matchAll(pattern)) {
        result.dialect++;
        result.places.push(`${file}:${line}: ${name}: ${match[0].trim().slice(0, 90)}`);
      }
    }
  }
  return result;
}

/** Returns the files that git tracks and that match. */
function tracked(pattern) {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => pattern.test(name) && !name.startsWith('bench/results/'));
}

/** Reads all texts of the project: comments, documents, titles of tests. */
export function projectTexts() {
  const blocksOf = (files, read) =>
    files.flatMap((file) => read(readFileSync(file, 'utf8'), file).map((block) => ({ ...block, file })));
  const code = tracked(/^(?:src|test|bench|certs)\/.*\.(?:ts|tsx|mjs|js)$/);
  return {
    'comments of src': blocksOf(
      code.filter((file) => file.startsWith('src/')),
      commentsOf,
    ),
    'comments of test and bench': blocksOf(
      code.filter((file) => !file.startsWith('src/')),
      commentsOf,
    ),
    documents: blocksOf(
      tracked(/^(?:docs\/.*|README|CONTRIBUTING)\.md$|^README\.md$|^CONTRIBUTING\.md$/),
      paragraphsOf,
    ),
    'titles of tests': blocksOf(tracked(/^test\/.*\.test\.ts$/), titlesOf),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let failed = false;
  for (const [name, blocks] of Object.entries(projectTexts())) {
    const { words, ifs, dialect, places } = measure(blocks);
    const perThousand = (n) => ((1000 * n) / Math.max(words, 1)).toFixed(2);
    const tooMuch = (1000 * dialect) / Math.max(words, 1) > MAXIMUM_DIALECT;
    const tooFew = name === 'comments of src' && (1000 * ifs) / Math.max(words, 1) < MINIMUM_IF;
    failed ||= tooMuch || tooFew;
    console.log(
      `${tooMuch || tooFew ? 'FAIL' : 'ok  '} ${name}: ${words} words; dialect ${perThousand(dialect)} per thousand` +
        ` (at most ${MAXIMUM_DIALECT}); if ${perThousand(ifs)}${name === 'comments of src' ? ` (at least ${MINIMUM_IF})` : ''}`,
    );
    if (process.argv.includes('--list')) for (const place of places) console.log(`     ${place}`);
  }
  process.exitCode = failed ? 1 : 0;
}
