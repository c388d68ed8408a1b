/** If a store fails or is full, nothing is acknowledged or half visible, and the connection stays open. */
import { describe, expect, it } from 'vitest';
import { type Draft, type Store, StoreError } from '../../src/store/port.js';
import { nextLine, runChild } from '../store/sqlite-fixtures.js';
import { tempFolder } from '../store/fixtures.js';
import { canMount, smallDevice } from '../store/small-device.js';
import { expectNoTrouble } from '../server/harness.js';
import { expectAlive, FROM, GatewayHarness, methodsOf, send } from './gateway-harness.js';

expectNoTrouble();

const LARGE = `${FROM}\r\n${`${'x'.repeat(70)}\r\n`.repeat(20_000)}`;

/** Wraps a store so that its next messages fail. */
function failing(failure: { error: StoreError | null }, where: 'open' | 'commit'): (store: Store) => Store {
  const check = (): void => {
    if (failure.error !== null) throw failure.error;
  };
  return (store) => ({
    ...methodsOf(store),
    open: () => {
      if (where === 'open') check();
      const draft = store.open();
      const commit: Draft['commit'] = async (message) => {
        check();
        await draft.commit(message);
      };
      return { id: draft.id, write: (octets) => draft.write(octets), discard: () => draft.discard(), commit };
    },
  });
}

describe.each(['open', 'commit'] as const)('a store that fails in %s', (where) => {
  it.each([
    ['full', '452 4.3.1 Out of storage, try again later'],
    ['failed', '451 4.3.0 Local error, try again later'],
    ['closed', '451 4.3.0 Local error, try again later'],
  ] as const)('because it is %s: %s', async (code, expected) => {
    const failure = { error: new StoreError(code, 'for the operator') };
    const harness = await GatewayHarness.open({ before: failing(failure, where) });
    const talk = await harness.signedIn();
    expect(await send(talk, `${FROM}\r\nHello\r\n`)).toBe(expected);
    expect(await send(talk, LARGE)).toBe(expected);
    expect(await harness.messages()).toEqual([]);
    expect(harness.running.errors.map(({ message }) => message)).toEqual(
      Array(2).fill('the store failed: for the operator'),
    );
    Object.assign(failure, { error: null });
    await expectAlive(talk);
    expect(await harness.messages()).toHaveLength(1);
  });
});

it('answers 451 and does not crash if the store is closed under a running server', async () => {
  const harness = await GatewayHarness.open();
  const talk = await harness.signedIn();
  await expectAlive(talk);
  await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
  await harness.store.close();
  await talk.play('> DATA', '< 354');
  talk.write(`${FROM}\r\nHello\r\n.\r\n`);
  await talk.play('< 451 4.3.0', '> NOOP', '< 250');
});

it.skipIf(!canMount())(
  'answers 452 if the disk is really full, and 250 again when there is room (113)',
  async () => {
    const folder = tempFolder();
    const child = runChild(
      '../../submission/children/full-gateway.mjs',
      [folder.path],
      smallDevice(folder.path),
    );
    try {
      const said: string[] = [];
      for (let line = await nextLine(child); line !== 'end'; line = await nextLine(child)) said.push(line);
      expect({ said, errors: child.errors() }).toEqual({
        said: [
          'before 250 2.0.0',
          'full 452 4.3.1',
          'large 452 4.3.1',
          'same connection 250 2.0.0',
          'kept true',
        ],
        errors: '',
      });
      expect(await child.exited).toBe(0);
    } finally {
      await child.kill();
      folder.remove();
    }
  },
);
