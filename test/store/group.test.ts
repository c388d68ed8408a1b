import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../src/store/port.js';
import { openDatabase, type Database } from '../../src/store/sqlite/worker/database.js';
import { GroupCommit, takeGroup } from '../../src/store/sqlite/worker/group.js';
import type { Request, Write } from '../../src/store/sqlite/wire/operations.js';
import { tempFolder } from './fixtures.js';
import { commitRequest, withDatabase } from './sqlite-fixtures.js';

const piece = (length: number) => ({ buffer: new ArrayBuffer(0), start: 0, length, returns: false });
const chunk = (call: number, length = 10): Request<Write> => ({
  call,
  operation: { kind: 'chunk', id: call, sequence: 0, piece: piece(length) },
});
const commit = (call: number, length = 10): Request<Write> => commitRequest(call, call, 0, length);

describe('a group of writes', () => {
  let folder: ReturnType<typeof tempFolder>;
  let database: Database;
  let applied: number[];
  let settled: string[];
  let levels: number[];
  let refuse: (call: number) => boolean;

  let group: GroupCommit;

  const run = (requests: Request<Write>[]) =>
    (
      group.run(requests, (write, failure) => settled.push(`${write.kind} ${failure?.code ?? 'ok'}`)) ?? []
    ).map(({ request, failure }) => `${request.call} ${failure?.code ?? 'ok'}`);
  const stored = () =>
    (database.prepare('SELECT message_id AS id FROM upload').all() as { id: number }[]).map(({ id }) => id);

  beforeEach(() => {
    folder = tempFolder();
    database = openDatabase(folder.path);
    applied = [];
    settled = [];
    levels = [];
    refuse = () => false;
    group = new GroupCommit(
      database,
      (write) => {
        if (write.kind !== 'chunk' && write.kind !== 'commit') return undefined;
        applied.push(write.id);
        levels.push((database.prepare('PRAGMA synchronous').get() as { synchronous: number }).synchronous);
        database.prepare('INSERT INTO upload (message_id) VALUES (?)').run(write.id);
        if (refuse(write.id)) throw new StoreError('failed', 'refused');
        return undefined;
      },
      (error) => (error instanceof StoreError ? error : new StoreError('failed', String(error))),
      () => null,
    );
  });
  afterEach(() => {
    database.close();
    folder.remove();
  });

  it('shares one transaction', () => {
    const exec = vi.spyOn(database, 'exec');
    expect(run([chunk(1), commit(2), commit(3)])).toEqual(['1 ok', '2 ok', '3 ok']);
    expect(exec.mock.calls.filter(([sql]) => sql === 'COMMIT')).toHaveLength(1);
    expect(stored()).toEqual([1, 2, 3]);
  });

  it('runs each write alone if one fails: that one leaves nothing, the others stay', () => {
    refuse = (call) => call === 2;
    expect(run([commit(1), commit(2), commit(3)])).toEqual(['1 ok', '2 failed', '3 ok']);
    expect(settled).toEqual(['commit ok', 'commit failed', 'commit ok']);
    expect(stored()).toEqual([1, 3]);
    expect(database.isTransaction).toBe(false);
  });

  it('is put off as a whole, and at once, while another process writes', () => {
    withDatabase(folder.path, (other) => {
      other.exec('BEGIN IMMEDIATE');
      expect(group.run([commit(1), commit(2)], () => settled.push('settled'))).toBeNull();
    });
    expect(applied).toEqual([]);
    expect(settled).toEqual([]);
    expect(run([commit(1), commit(2)])).toEqual(['1 ok', '2 ok']);
  });

  it('syncs before it reports that a message is safe', () => {
    for (const requests of [[commit(1)], [chunk(2)], [chunk(3), commit(4)], [chunk(5)]]) run(requests);
    const full = 2;
    const normal = 1;
    expect(levels).toEqual([full, normal, full, full, normal]);
  });

  it('is as much as a transaction should hold, and at least one', () => {
    const queue = [commit(1, 5e6), chunk(2, 3e6), chunk(3, 1e6), chunk(4, 1e6), commit(5, 0)];
    const taken = () => takeGroup(queue).map(({ call }) => call);
    expect([taken(), taken(), taken(), taken()]).toEqual([[1], [2, 3], [4, 5], []]);
  });
});
