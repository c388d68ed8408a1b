// What the documents name must be there: files, headings, commands, flags, configuration keys, replies,
// defaults.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.js';
import { buildProgram } from '../../src/cli/program.js';
import { type Key, configSchema, keysOf } from '../../src/config/index.js';
import * as library from '../../src/index.js';
import { postern } from '../cli/postern.js';
import { documents, type Document, PROJECT, readDocument } from './markdown.js';

const all = documents();
const embedding = readDocument('docs/embedding.md');
const readme = readDocument('README.md');

const nowhere = new Output(new Writable());
const program = await buildProgram({ stdout: nowhere, stderr: nowhere, environment: {} }, {}, false);

/** The commands without commands of their own, as they are written after `postern`. */
function leavesOf({ commands }: Command): string[] {
  return commands.flatMap((command) => {
    const further = leavesOf(command);
    return further.length === 0 ? [command.name()] : further.map((name) => `${command.name()} ${name}`);
  });
}

function titled(docs: readonly Document[]): [string, Document][] {
  return docs.map((document) => [document.path, document]);
}

describe.each(titled(all))('%s', (path, document) => {
  it('links to files and headings that are there', () => {
    const broken = document.links.filter((link) => {
      if (/^(?:https?|mailto):/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      if (!existsSync(join(PROJECT, target))) return true;
      return anchor !== undefined && !readDocument(target).anchors.has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names files of the project that are there', () => {
    const named = document.spans.filter((span) => /^(?:src|test|docs|certs|bench)\/[\w./-]*$/.test(span));
    const planned = document.rows.filter((cells) => cells.some((cell) => cell.includes('planned')));
    const exempt = new Set(planned.map(([name = '']) => name.replaceAll('`', '')));
    const missing = named.filter(
      // The files that `npm run certs` makes are not in a clone.
      (file) => !exempt.has(file) && !file.endsWith('.pem') && !existsSync(join(PROJECT, file)),
    );
    expect(missing).toEqual([]);
  });

  it('names npm scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = codeOf(document).flatMap((code) =>
      Array.from(code.matchAll(/\bnpm run (?:-s )?([\w:]+)/g)),
    );
    expect(named.map(([, name = '']) => name).filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('commands', () => {
  const invocations = all.flatMap((document) =>
    codeOf(document).flatMap((code) =>
      Array.from(
        code.matchAll(
          /(?<!-u)(?:^|[\s"$])(?:npm run -s postern --|node dist\/cli\/main\.js|postern) ([a-z][^\n"#;|]*)/gm,
        ),
        ([, args = '']) => args.trim(),
      ),
    ),
  );
  const commands = leavesOf(program);

  it('are there, and all are named', () => {
    // `postern ready ...` is what it prints.
    const named = invocations.filter((invocation) => !invocation.startsWith('ready '));
    expect(named.filter((invocation) => commandOf(invocation) === undefined)).toEqual([]);
    expect(new Set(named.map(commandOf))).toEqual(new Set(commands));
  });

  it('and their flags are those of --help', async () => {
    const unknown: string[] = [];
    for (const invocation of new Set(invocations)) {
      const command = commandOf(invocation);
      if (command === undefined) continue; // judged above
      const { stdout: help } = await postern([...command.split(' '), '--help']);
      for (const [flag] of invocation.matchAll(/--[a-z][a-z-]*/g)) {
        if (!flagsOf(help).has(flag)) unknown.push(`postern ${invocation}: ${flag}`);
      }
    }
    expect(unknown).toEqual([]);
  });

  it('and flags on their own are those of some command, or of curl', async () => {
    const helps = await Promise.all(commands.map((command) => postern([...command.split(' '), '--help'])));
    const known = new Set(helps.flatMap(({ stdout }) => [...flagsOf(stdout)]));
    const spans = [...readme.spans, ...readDocument('docs/architecture.md').spans];
    const flags = spans.flatMap((span) => /^--[a-z][a-z-]*/.exec(span) ?? []);
    expect(flags.filter((flag) => !known.has(flag) && flag !== '--crlf')).toEqual([]);
  });

  function commandOf(invocation: string): string | undefined {
    return commands.find((command) => invocation === command || invocation.startsWith(`${command} `));
  }

  function flagsOf(help: string): Set<string> {
    return new Set(Array.from(help.matchAll(/--[a-z][a-z-]*/g), ([flag]) => flag));
  }
});

describe('configuration', () => {
  const keys = keysOf(configSchema);
  const tables = new Set(keys.filter(({ path }) => path.length > 1).map(({ path }) => path[0]));

  it.each(titled(all))('%s names keys and variables that are there', (_, document) => {
    const names = new Set(keys.flatMap(withColumns));
    const wrong = document.spans.filter((span) => {
      if (/^POSTERN_[A-Z_]+$/.test(span)) {
        return (
          !keys.some(({ variable }) => variable === span) &&
          !['POSTERN_CONFIG', 'POSTERN_ADMIN_PASSWORD', 'POSTERN_TOKEN'].includes(span)
        );
      }
      const [table, ...rest] = span.split('.');
      return /^[a-z_]+(?:\.[a-z_]+)+$/.test(span) && rest.length > 0 && tables.has(table) && !names.has(span);
    });
    // `postern.db` and the like are files; they begin with no table's name.
    expect(wrong).toEqual([]);
  });

  function withColumns({ name, columns }: Key): string[] {
    return [name, ...columns.map((column) => `${name}.${column.name}`)];
  }
});

describe('replies in README.md', () => {
  const rows = readme.rows.filter(([reply = '']) => /^`\d{3} \d\.\d+\.\d+`$/.test(reply));
  const sources = ['protocol', 'server', 'submission', 'message'].flatMap((folder) =>
    readdirSync(join(PROJECT, 'dist', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(PROJECT, 'dist', folder, name), 'utf8')),
  );

  it('are many', () => {
    expect(rows.length).toBeGreaterThan(10);
  });

  it.each(rows.map(([reply = '', says = '']) => [reply.slice(1, -1), says] as const))(
    '%s has the text: %s',
    (reply, says) => {
      const [code = '', enhanced = ''] = reply.split(' ');
      const coded = sources.filter((text) => text.includes(`${code}, '${enhanced}'`));
      expect(coded).not.toEqual([]);
      // "..." and " or " stand for what differs.
      for (const part of says.split(/\.\.\.|, or /)) {
        const words = fixedWords(part);
        expect(sources.some((text) => words.every((word) => text.includes(word)))).toBe(true);
      }
    },
  );

  function fixedWords(part: string): string[] {
    return part
      .split(/[^A-Za-z-]+/)
      .filter((word) => word.length > 2 && !/^(?:LF|CR|The|command)$/.test(word));
  }
});

describe('docs/architecture.md', () => {
  it('has the arrows that the rules have', () => {
    const rules = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
      readonly forbidden: readonly { readonly name: string; readonly comment?: string }[];
    };
    const enforced = rules.forbidden.flatMap(({ name, comment = '' }) => {
      const targets = /may import (.*)$/.exec(comment)?.[1];
      return name.startsWith('arrow-') && targets !== undefined
        ? [[name.slice('arrow-'.length), targets === 'nothing else of src' ? [] : targets.split(', ').sort()]]
        : [];
    });
    const documented = readDocument('docs/architecture.md').rows.flatMap(([folder = '', imports = '']) => {
      const name = /^`src\/([\w.-]+?)\/?`$/.exec(folder)?.[1];
      return name === undefined ? [] : [[name, namesIn(imports)]];
    });
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(enforced));
  });

  function namesIn(cell: string): string[] {
    return Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name).sort();
  }
});

describe('docs/embedding.md', () => {
  it('has every method of the handler and every option of a port', () => {
    const documented = new Set(embedding.rows.map(([cell = '']) => /^`(\w+)/.exec(cell)?.[1]));
    const declared = ['handler', 'options'].map((name) =>
      readFileSync(join(PROJECT, `dist/server/${name}.d.ts`), 'utf8'),
    );
    const handler = [...interfaceOf(declared[0], 'Handler<'), ...interfaceOf(declared[0], 'Observer<')];
    const port = [
      ...interfaceOf(declared[1], 'AcceptOptions {'),
      ...interfaceOf(declared[1], 'ListenOptions extends'),
    ];
    expect(handler.length).toBeGreaterThan(8);
    expect(port.length).toBeGreaterThan(4);
    expect([...handler, ...port].filter((name) => !documented.has(name))).toEqual([]);
  });

  it('names every value that the library exports, those apart that stand in its tables', () => {
    const text = readFileSync(join(PROJECT, 'docs/embedding.md'), 'utf8');
    const elsewhere = /^(?:DEFAULT_|Server$|PLAIN$|LOGIN$)/;
    const names = Object.keys(library).filter((name) => !elsewhere.test(name));
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  });

  /** Names of the members of an interface, as the compiler wrote it. */
  function interfaceOf(text = '', name: string): string[] {
    const start = text.indexOf(`interface ${name}`);
    const body = text.slice(start, text.indexOf('\n}', start));
    return Array.from(body.matchAll(/^ {4}(?:readonly )?(\w+)\??[(:]/gm), ([, member = '']) => member);
  }
});

/** All that a document shows as code. */
function codeOf(document: Document): string[] {
  return [...document.spans, ...document.blocks.map(({ text }) => text)];
}
