// docs/conformance.md names tests and cases that are there, and each of its rows has a proof or a reason.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DIFFERENCES } from '../differential/differences.js';
import { parseVectors } from '../vectors/format.js';
import { PROJECT, readDocument } from './markdown.js';

const { rows } = readDocument('docs/conformance.md');

/** A file, and what of it proves something: numbers of vectors, or beginnings of names. */
interface Proof {
  readonly file: string;
  readonly names: readonly string[];
}

const PROOF = /`([\w./-]+\.(?:vec|test\.ts))`((?:,? (?:\d+|"[^"]+"))+)/g;

function proofsIn(cell: string): Proof[] {
  return Array.from(cell.matchAll(PROOF), ([, file = '', names = '']) => ({
    file,
    names: names.match(/\d+|"[^"]+"/g) ?? [],
  }));
}

/** Returns the parts of a proof that do not exist. */
function missing({ file, names }: Proof): string[] {
  const path = file.endsWith('.vec') ? `test/vectors/${file}` : file;
  if (!existsSync(join(PROJECT, path))) return [file];
  const text = readFileSync(join(PROJECT, path), 'utf8');
  const there = file.endsWith('.vec') ? vectorIn(text) : testIn(text);
  return names.filter((name) => !there(name)).map((name) => `${file}: ${name}`);
}

/** By number (`11, 12. A title`), or by the beginning of the title. */
function vectorIn(text: string): (name: string) => boolean {
  const titles = parseVectors(text).map(({ title }) => title);
  return (name) =>
    titles.some((title) =>
      name.startsWith('"')
        ? title.startsWith(name.slice(1, -1))
        : (/^[\d, ]+\./.exec(title)?.[0].split(/\D+/) ?? []).includes(name),
    );
}

/** By the beginning of what `it` or `describe` is called with. */
function testIn(text: string): (name: string) => boolean {
  const names = Array.from(
    text.matchAll(/(?:\b(?:it|describe)|\)|\])\s*\(\s*(['"`])((?:\\.|(?!\1).)+)\1/g),
    ([, , name = '']) => name,
  );
  return (name) => names.some((called) => called.startsWith(name.slice(1, -1)));
}

/** Rows of the tables whose last column is the proof. The table of mutation runs has counts instead. */
const claims = rows.filter(
  ([first = '', ...cells]) =>
    cells.length >= 2 && !/^(?:section|matter|changed)$/.test(first) && !/^[\d.,% ]+$/.test(cells[1] ?? ''),
);

describe('docs/conformance.md', () => {
  it('has a row for each standard, and many', () => {
    expect(claims.length).toBeGreaterThan(100);
  });

  it.each(claims.map((cells) => [cells.slice(0, -1).join(' | ').slice(0, 90), cells] as const))(
    '%s',
    (_, cells) => {
      const proofs = proofsIn(cells.at(-1) ?? '');
      const reason = /^(?:Not applicable|Otherwise): .{30,}/.test(cells.at(-2) ?? '');
      expect(proofs.length > 0 || reason, 'a proof or a reason').toBe(true);
      expect(proofs.flatMap(missing)).toEqual([]);
    },
  );

  it('has no proof in a form that this test does not read', () => {
    const unread = claims.filter((cells) => {
      const proof = cells.at(-1) ?? '';
      const left = proof.replace(PROOF, '').replace(/[;\s]/g, '');
      return left !== '' && left !== '—';
    });
    expect(unread).toEqual([]);
  });

  it('has the differences from Postfix that the test has', () => {
    const documented = rows
      .filter((cells) => cells.length === 2)
      .map(([line = '', reason]) => [line.slice(1, -1), reason]);
    for (const difference of DIFFERENCES) expect(documented).toContainEqual(difference);
  });

  it('would see what is not there', () => {
    const [proof] = proofsIn(
      '`auth.vec` 50, 9999, "no such"; `test/docs/conformance.test.ts` "would see", "no"',
    );
    expect(proof === undefined ? [] : missing(proof)).toEqual(['auth.vec: 9999', 'auth.vec: "no such"']);
    const [, second] = proofsIn('`auth.vec` 50; `test/docs/conformance.test.ts` "would see", "never said"');
    expect(second === undefined ? [] : missing(second)).toEqual([
      'test/docs/conformance.test.ts: "never said"',
    ]);
    expect(missing({ file: 'test/none.test.ts', names: [] })).toEqual(['test/none.test.ts']);
  });
});
