// How often streams get events.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame } from '../../src/api/events/frame.js';
import { EventHub } from '../../src/api/events/hub.js';
import { DEFAULT_API } from '../../src/api/limits.js';
import type { MailWatcher } from '../../src/store/mail.js';

describe('event streams', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([
    [1, 1],
    [100, 1],
    [250, 2.5],
    [1000, 10],
  ])(
    'get one event in a window if there are %i, which is %f times as long as that of one',
    async (count, times) => {
      let watcher: MailWatcher | null = null;
      const hub = new EventHub({
        mail: {
          watch: (_scope, given) => {
            watcher = given;
            return () => undefined;
          },
        },
        limits: DEFAULT_API,
        nameOf: async () => 'example.com',
      });
      let events = 0;
      const sink = {
        write: ({ octets }: Frame) => void (events += /event: messages/.test(octets.toString()) ? 1 : 0),
        backlog: 0,
        end: () => undefined,
        drop: () => undefined,
      };
      for (let number = 0; number < count; number++) {
        await hub.open(sink, { scope: 'all', lastId: null, credentials: 'x', isAllowed: async () => true });
      }
      const happen = () => watcher?.changed([{ id: 1, domainId: 1, kind: 'accepted', status: 'queued' }]);
      const window = DEFAULT_API.eventWindow * times;
      happen();
      await vi.advanceTimersByTimeAsync(window - 1);
      happen();
      expect(events).toBe(0);
      await vi.advanceTimersByTimeAsync(1);
      expect(events).toBe(count);
      await vi.advanceTimersByTimeAsync(3 * window);
      expect(events).toBe(count);
      hub.close();
    },
  );
});
