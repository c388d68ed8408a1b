/**
 * Copies a store section by section, and compares both afterwards. After an interruption of any kind, the same call goes
 * on where the target says that it is.
 *
 *     rows of each section, page by page ──► numbers ──► comparison of all rows of both ──► finished
 */
import { StoreError } from '../port.js';
import { Digest, sameRow } from './digest.js';
import type { Identity, Key, Progress, Readable, Row, Source, Target } from './port.js';
import { type Section, SECTIONS } from './sections.js';

/** Called after each page, and once for each section when it is done. */
export interface CopyReport {
  readonly phase: 'copying' | 'comparing';
  readonly section: string;
  /** Rows of the section that are done, in this run of the command. */
  readonly rows: number;
  /** Rows of the section in all; null if that is not known. */
  readonly total: number | null;
  readonly done: boolean;
}

/** A section that is the same on both sides. */
export interface ComparedSection {
  readonly section: string;
  readonly rows: number;
  /** SHA-256 over all rows, in hexadecimal digits: content octet for octet. */
  readonly sha256: string;
}

/**
 * Makes the target the same as the source.
 *
 * @returns what was compared
 * @throws StoreError `failed`: the target has other data, the source has changed since an earlier run, or they differ
 */
export async function copyStore(
  source: Source,
  target: Target,
  onReport: (report: CopyReport) => void | Promise<void>,
): Promise<ComparedSection[]> {
  const from = await source.identity();
  const begun = await target.progress();
  if (begun !== null) checkSame(begun.from, from, target.place);
  const first = begun?.section ?? null;
  if (begun === null || first !== null) {
    const at = Math.max(
      0,
      SECTIONS.findIndex(({ name }) => name === first),
    );
    for (const section of SECTIONS.slice(at)) {
      const after = section.name === first ? (begun?.after ?? null) : null;
      await copySection({ source, target, section, after, from }, onReport);
    }
    await target.complete({ from, section: null, after: null }, await source.lastNumbers());
  }
  const compared: ComparedSection[] = [];
  for (const section of SECTIONS) compared.push(await compare(source, target, section, onReport));
  await target.finish();
  return compared;
}

function checkSame(before: Identity, now: Identity, place: string): void {
  if (before.place !== now.place) {
    throw new StoreError(
      'failed',
      `a copy from ${before.place} to ${place} was interrupted; finish it with the same command, or empty ${place}`,
    );
  }
  if (before.messages !== now.messages || before.greatest !== now.greatest) {
    throw new StoreError(
      'failed',
      `${now.place} has changed since its copy to ${place} was interrupted; empty ${place}, and copy anew`,
    );
  }
}

interface Work {
  readonly source: Source;
  readonly target: Target;
  readonly section: Section;
  readonly after: Key | null;
  readonly from: Identity;
}

async function copySection(
  work: Work,
  onReport: (report: CopyReport) => void | Promise<void>,
): Promise<void> {
  const { source, target, section, from } = work;
  const total = await source.count(section);
  const report = (rows: number, done: boolean) =>
    onReport({ phase: 'copying', section: section.name, rows, total, done });
  let rows = 0;
  for await (const page of pages(source, section, work.after)) {
    const progress: Progress = { from, section: section.name, after: keyOf(section, page) };
    await target.write(section, page, progress);
    rows += page.length;
    await report(rows, false);
  }
  await report(rows, true);
}

/** Reads every row of a section on both sides. @throws StoreError `failed` at the first one that differs */
async function compare(
  source: Source,
  target: Target,
  section: Section,
  onReport: (report: CopyReport) => void | Promise<void>,
): Promise<ComparedSection> {
  const there = pages(target, section, null);
  const digest = new Digest();
  let rest: Row[] = [];
  let rows = 0;
  const report = (done: boolean) =>
    onReport({ phase: 'comparing', section: section.name, rows, total: null, done });
  for await (const page of pages(source, section, null)) {
    for (const row of page) {
      if (rest.length === 0) rest = ((await there.next()).value as Row[] | undefined) ?? [];
      const copy = rest.shift();
      if (copy === undefined || !sameRow(row, copy)) throw differs(source, target, section, row);
      digest.add(copy);
    }
    rows += page.length;
    await report(false);
  }
  if (rest.length > 0 || (await there.next()).done !== true) throw differs(source, target, section, null);
  await report(true);
  return { section: section.name, rows, sha256: digest.sum() };
}

async function* pages(store: Readable, section: Section, after: Key | null): AsyncGenerator<Row[]> {
  let last = after;
  for (;;) {
    const page = await store.read(section, last);
    if (page.length === 0) return;
    last = keyOf(section, page);
    yield page;
  }
}

function keyOf(section: Section, page: readonly Row[]): Key {
  // No column of a key can be null.
  return (page.at(-1) ?? []).slice(0, section.key) as Key;
}

function differs(source: Source, target: Target, section: Section, row: Row | null): StoreError {
  const where = row === null ? 'at its end' : `at ${row.slice(0, section.key).map(shown).join(' ')}`;
  return new StoreError(
    'failed',
    `${target.place} differs from ${source.place} in ${section.name} ${where}: a server ran on one of them ` +
      `since the copy was begun; empty ${target.place}, and copy anew`,
  );
}

function shown(value: Row[number]): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}
