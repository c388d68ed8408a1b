import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/store/port.js';
import { Budget } from '../../src/store/intake/budget.js';
import { BufferPool } from '../../src/store/intake/buffers.js';
import { BufferedDraft } from '../../src/store/intake/draft.js';
import { workerIntake } from '../../src/store/sqlite/main/store.js';
import { ThreadLost } from '../../src/store/sqlite/errors.js';
import { newMessage, octets } from './fixtures.js';

/** A draft over a worker that gives the answers of the test. */
function draftOver(answer: (operation: { readonly kind: string }) => unknown) {
  const asked: { readonly kind: string }[] = [];
  const ask = (operation: { readonly kind: string }): Promise<never> => {
    asked.push(operation);
    return Promise.resolve().then(() => answer(operation) as never);
  };
  const link: Parameters<typeof workerIntake>[0] = {
    call: ask,
    commit: (commit) => ask({ kind: 'commit', ...commit }),
    ask: () => ask({ kind: 'ask' }),
  };
  const budget = new Budget(1000);
  const buffers = new BufferPool(100);
  const draft = new BufferedDraft(7, { intake: workerIntake(link, buffers), budget, buffers });
  return { draft, asked, budget };
}

const fail = (error: Error) => {
  throw error;
};

describe('a draft whose thread dies during its commit', () => {
  it('has committed if the message turns out to be stored', async () => {
    const { draft, budget } = draftOver(({ kind }) => (kind === 'commit' ? fail(new ThreadLost('x')) : {}));
    void draft.write(octets(50));
    await draft.commit(newMessage(1));
    expect(budget.inFlight).toBe(0);
  });

  it('has failed if it is not stored, or if that cannot be found out', async () => {
    for (const answer of [() => null, () => fail(new ThreadLost('y'))]) {
      const { draft } = draftOver(({ kind }) => (kind === 'commit' ? fail(new ThreadLost('x')) : answer()));
      await expect(draft.commit(newMessage(1))).rejects.toMatchObject({ code: 'failed', message: 'x' });
    }
  });

  it('does not take the message of another for its own when it was refused', async () => {
    const { draft } = draftOver(({ kind }) =>
      kind === 'commit' ? fail(new StoreError('failed', 'refused')) : {},
    );
    await expect(draft.commit(newMessage(1))).rejects.toMatchObject({ code: 'failed' });
  });
});

describe('a draft with a refused chunk', () => {
  it('reports it at the commit, sends no more, and gives back what it held', async () => {
    const { draft, asked, budget } = draftOver(({ kind }) =>
      kind === 'chunk' ? fail(new StoreError('full', 'no room')) : undefined,
    );
    void draft.write(octets(150));
    await new Promise(setImmediate);
    for (let count = 0; count < 50; count++) expect(draft.write(octets(500))).toBeUndefined();
    await expect(draft.commit(newMessage(1))).rejects.toMatchObject({ code: 'full' });
    expect(asked.map(({ kind }) => kind)).toEqual(['chunk', 'discard']);
    expect(budget.inFlight).toBe(0);
  });
});
