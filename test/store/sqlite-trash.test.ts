import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/store/sqlite/worker/database.js';
import { Intake } from '../../src/store/sqlite/worker/intake.js';
import { openParts } from '../../src/store/sqlite/worker/parts.js';
import { Trash } from '../../src/store/sqlite/worker/trash.js';
import { tempFolder } from './fixtures.js';
import { commitRequest } from './sqlite-fixtures.js';

const ID = 4096;
const CHUNKS = 40;

describe('the trash', () => {
  let folder: ReturnType<typeof tempFolder>;
  let database: Database;
  let intake: Intake;
  let trash: Trash;
  const piece = () => ({ buffer: new ArrayBuffer(10), start: 0, length: 10, returns: false });
  const chunks = () => (database.prepare('SELECT count(*) AS n FROM chunk').get() as { n: number }).n;
  const commit = () => {
    const { operation } = commitRequest(1, ID, CHUNKS);
    database.exec('BEGIN');
    try {
      intake.commit(operation);
      database.exec('COMMIT');
    } finally {
      if (database.isTransaction) database.exec('ROLLBACK');
    }
  };

  beforeEach(() => {
    folder = tempFolder();
    database = openDatabase(folder.path);
    database.exec(`INSERT INTO domain (id, name, created_at) VALUES (1, 'example.com', 1)`);
    trash = new Trash(database);
    intake = new Intake(database, openParts(database, trash));
    for (let sequence = 0; sequence < CHUNKS; sequence++) {
      intake.chunk({ kind: 'chunk', id: ID, sequence, piece: piece() });
    }
  });
  afterEach(() => {
    database.close();
    folder.remove();
  });

  it('goes piece by piece, and finds again what it left', () => {
    trash.addUnfinished();
    trash.removeSlice();
    expect(chunks()).toBe(CHUNKS - 16);
    trash = new Trash(database);
    trash.addUnfinished();
    while (!trash.isEmpty) trash.removeSlice();
    expect(chunks()).toBe(0);
    trash.addUnfinished();
    expect(trash.isEmpty).toBe(true);
  });

  // A thread that replaces a dead one throws away what it finds unfinished, but the message may be finished
  // before its turn comes: once its chunks were removed after it had been acknowledged.
  it('does not touch a message that commits before its turn', () => {
    trash.addUnfinished();
    commit();
    while (!trash.isEmpty) trash.removeSlice();
    expect(chunks()).toBe(CHUNKS);
  });

  it('never lets a message commit of which a piece is gone', () => {
    trash.addUnfinished();
    trash.removeSlice();
    expect(commit).toThrow(expect.objectContaining({ code: 'failed' }) as Error);
    while (!trash.isEmpty) trash.removeSlice();
    expect(commit).toThrow(expect.objectContaining({ code: 'failed' }) as Error);
    expect(() => intake.chunk({ kind: 'chunk', id: ID, sequence: CHUNKS, piece: piece() })).toThrow();
    expect(chunks()).toBe(0);
  });
});
