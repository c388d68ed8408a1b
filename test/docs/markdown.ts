import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block of code. */
export interface CodeBlock {
  /** The heading that it stands under. */
  readonly heading: string;
  readonly language: string;
  readonly text: string;
}

/** One document, taken apart as far as the tests need it. */
export interface Document {
  /** Relative to the project. */
  readonly path: string;
  readonly blocks: readonly CodeBlock[];
  /** Targets of links. */
  readonly links: readonly string[];
  /** Names that a link can point to with `#`. */
  readonly anchors: ReadonlySet<string>;
  /** The texts between backticks in the prose. */
  readonly spans: readonly string[];
  /** Rows of tables, cell by cell. */
  readonly rows: readonly (readonly string[])[];
}

/** README.md, CHANGELOG.md and all of docs/. */
export function documents(): Document[] {
  const inDocs = readdirSync(join(PROJECT, 'docs'), { recursive: true, encoding: 'utf8' });
  const paths = ['README.md', 'CHANGELOG.md', 'certs/README.md', ...inDocs.map((name) => `docs/${name}`)];
  return paths.filter((path) => path.endsWith('.md')).map(readDocument);
}

export function readDocument(path: string): Document {
  const blocks: CodeBlock[] = [];
  const prose: string[] = [];
  const headings: string[] = [];
  let open: { readonly language: string; readonly lines: string[] } | null = null;
  for (const line of readFileSync(join(PROJECT, path), 'utf8').split('\n')) {
    const fence = /^ *```(\S*)/.exec(line);
    if (open !== null) {
      if (fence === null) open.lines.push(line);
      else {
        const text = `${open.lines.join('\n')}\n`;
        blocks.push({ heading: headings.at(-1) ?? '', language: open.language, text });
        open = null;
      }
    } else if (fence !== null) open = { language: fence[1] ?? '', lines: [] };
    else {
      const heading = /^#+ (.*)$/.exec(line)?.[1];
      if (heading !== undefined) headings.push(heading);
      prose.push(line);
    }
  }
  if (open !== null) throw new Error(`${path}: a block of code has no end`);
  const text = prose.join('\n');
  return {
    path,
    blocks,
    links: Array.from(withoutSpans(text).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target),
    anchors: new Set(headings.map(anchorOf)),
    spans: Array.from(text.matchAll(/`([^`\n]+)`/g), ([, span = '']) => span),
    rows: prose
      .filter((line) => line.startsWith('|') && !/^[|\-: ]+$/.test(line))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  };
}

/** As GitHub makes them. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function withoutSpans(text: string): string {
  return text.replace(/`[^`\n]+`/g, '');
}
