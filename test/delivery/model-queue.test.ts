/** The in-memory queue that runners are tested with keeps the contract of the queue, as the adapters do. */
import { beforeEach, describe } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { describeDueTimes } from '../store/contract-due-times.js';
import { describeOperator } from '../store/contract-operator.js';
import { describeQueue } from '../store/contract-queue.js';
import { modelStore, type QueueStore } from './model-store.js';

describe('store contract: the queue in memory', () => {
  let store: QueueStore;
  beforeEach(() => {
    store = modelStore(() => Date.UTC(2026, 0, 1));
  });
  // The parts of the suite that run here use no other part of a store.
  const open = (): Store => store as unknown as Store;
  describeQueue(open, async () => store.queue.endLeases());
  describeOperator(open);
  describeDueTimes(open);
});
