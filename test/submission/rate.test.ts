/**
 * Invariant: whatever the pattern of calls, no more than a minute's number is allowed at once, nor more than time
 * gives back after that; and a caller that waits as long as it was asked to is allowed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Mailbox, Reply } from '../../src/protocol/index.js';
import type { Session } from '../../src/server/index.js';
import type { Domain, Store } from '../../src/store/port.js';
import { Gateway, type GatewayOptions } from '../../src/submission/gateway.js';
import { LocalRates } from '../../src/store/local-rates.js';

describe('a rate', () => {
  const [kind, domain] = ['messages', 1] as const;

  it("allows a whole minute's number at once, and then as much as time gives back", () => {
    let now = 0;
    const rates = new LocalRates(() => now);
    const take = () => rates.take(kind, domain, 6);
    expect(Array.from({ length: 7 }, take)).toEqual([0, 0, 0, 0, 0, 0, 10_000]);
    now += 9_999;
    expect(take()).toBe(1);
    now += 1;
    expect(take()).toBe(0);
    expect(take()).toBe(10_000);
  });

  it('counts each domain and each kind on its own', () => {
    const rates = new LocalRates(() => 0);
    expect([rates.take(kind, 1, 1), rates.take(kind, 2, 1), rates.take(kind, 1, 1)]).toEqual([0, 0, 60_000]);
    expect(rates.take('recipients', 1, 1)).toBe(0);
  });

  it('holds for every pattern', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), pauses, (perMinute, pauses) => {
        let now = 0;
        const rates = new LocalRates(() => now);
        const take = () => rates.take(kind, domain, perMinute);
        const taken: number[] = [];
        for (const pause of pauses) {
          now += pause;
          const wait = take();
          if (wait === 0) taken.push(now);
          else {
            now += wait;
            expect(take()).toBe(0);
            taken.push(now);
          }
        }
        for (const [first, from] of taken.entries()) {
          for (const [last, to] of taken.slice(first).entries()) {
            expect(last + 1).toBeLessThanOrEqual(perMinute + ((to - from) / 60_000) * perMinute + 0.001);
          }
        }
      }),
    );
  });
});

describe('the gateway', () => {
  const domain: Domain = { id: 7, name: 'example.com', createdAt: 0 };
  const other: Domain = { id: 8, name: 'example.org', createdAt: 0 };
  const mailbox = (address: string): Mailbox =>
    ({ address, domain: address.slice(address.indexOf('@') + 1) }) as Mailbox;
  const session = (principal: Domain | null): Session<Domain> => ({ principal }) as Session<Domain>;

  const text = (decision: unknown): string => (decision instanceof Reply ? decision.toString() : 'yes');

  function gateway({
    clock = () => 0,
    ...options
  }: Partial<GatewayOptions> & { clock?: () => number }): Gateway {
    const blockList = { isEmpty: async () => true };
    const rates = new LocalRates(clock);
    const store = { domains: async () => [domain, other], blockList, rates } as unknown as Store;
    return new Gateway({ store, hostname: 'mx.example', ...options });
  }

  const to = mailbox('you@example.net');

  it('refuses one message more for now, and says for how long', async () => {
    let now = 0;
    const { onMail, onRcpt } = bound(
      gateway({ rates: { messagesPerMinute: 2, recipientsPerMinute: 3 }, clock: () => now }),
    );
    const sender = mailbox('app@example.com');
    expect(await onMail(session(domain), sender)).toBeUndefined();
    expect(await onMail(session(domain), null)).toBeUndefined();
    expect(text(await onMail(session(domain), sender))).toBe(
      '450 4.7.1 Too many messages of example.com: at most 2 a minute, try again in 30 s',
    );
    expect(await onMail(session(other), mailbox('app@example.org'))).toBeUndefined();
    now += 30_000;
    expect(await onMail(session(domain), sender)).toBeUndefined();
    for (let n = 0; n < 3; n++) expect(await onRcpt(session(domain), to)).toBeUndefined();
    expect(text(await onRcpt(session(domain), to))).toBe(
      '450 4.7.1 Too many recipients of example.com: at most 3 a minute, try again in 20 s',
    );
  });

  it('does not count a message if its sender is refused', async () => {
    const { onMail } = bound(gateway({ rates: { messagesPerMinute: 1 } }));
    expect(text(await onMail(session(domain), mailbox('app@example.org')))).toMatch(/^550 5\.7\.1/);
    expect(await onMail(session(domain), mailbox('app@example.com'))).toBeUndefined();
  });

  it('counts messages without AUTH for the domain of their sender', async () => {
    const { onMail, onRcpt } = bound(gateway({ rates: { messagesPerMinute: 1, recipientsPerMinute: 1 } }));
    const anonymous = session(null);
    expect(await onMail(anonymous, mailbox('app@example.com'))).toBeUndefined();
    expect(await onRcpt(anonymous, to)).toBeUndefined();
    expect(text(await onRcpt(anonymous, to))).toMatch(/^450 4\.7\.1 Too many recipients of example\.com/);
    expect(text(await onMail(session(null), mailbox('app@example.com')))).toMatch(/^450 4\.7\.1/);
  });

  it('allows any number by default', async () => {
    const { onMail } = bound(gateway({}));
    for (let n = 0; n < 5000; n++) expect(await onMail(session(domain), null)).toBeUndefined();
  });

  function bound(gateway: Gateway): Pick<Gateway, 'onMail' | 'onRcpt'> {
    return {
      onMail: (session, reversePath) => gateway.onMail(session, reversePath),
      onRcpt: (session, forwardPath) => gateway.onRcpt(session, forwardPath),
    };
  }
});
