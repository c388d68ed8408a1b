import { afterEach, describe, expect, it } from 'vitest';
import { ChangePoll } from '../../src/server/tls/watch.js';
import { until } from './loopback.js';

describe('ChangePoll', () => {
  let poll: ChangePoll | undefined;
  afterEach(() => poll?.close());

  /** Returns each of `sights` in turn, then the last one for ever, and reports at which of them it was called. */
  async function watch(sights: readonly string[]): Promise<number[]> {
    const calls: number[] = [];
    let looks = 0;
    poll = new ChangePoll({
      intervalMs: 1,
      settleMs: 1,
      look: async () => sights[Math.min(looks++, sights.length - 1)] ?? '',
      onChange: async () => void calls.push(looks),
    });
    await until('a few looks more', () => looks >= sights.length + 4);
    return calls;
  }

  it('takes the first sight for a change, once it stands still', async () => {
    expect(await watch(['a', 'a', 'a'])).toEqual([2]);
  });

  it('calls once for each change', async () => {
    expect(await watch(['a', 'a', 'a', 'b', 'b', 'b', 'a'])).toEqual([2, 5, 8]);
  });

  it('waits while things move', async () => {
    expect(await watch(['a', 'b', 'c', 'd', 'd'])).toEqual([5]);
  });

  it('does not mind a change that is taken back', async () => {
    expect(await watch(['a', 'a', 'b', 'a', 'b', 'a'])).toEqual([2]);
  });

  it('does not call after close, not even for a look that was under way', async () => {
    let calls = 0;
    let looks = 0;
    let show: (sight: string) => void = () => undefined;
    poll = new ChangePoll({
      intervalMs: 1,
      settleMs: 1,
      look: () => (++looks === 1 ? Promise.resolve('a') : new Promise((resolve) => (show = resolve))),
      onChange: async () => {
        calls++;
      },
    });
    await until('the second look', () => looks === 2);
    poll.close();
    show('a');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([calls, looks]).toEqual([0, 2]);
  });
});
