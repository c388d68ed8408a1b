import { describe, expect, it } from 'vitest';
import { FROM, GatewayHarness, send } from './gateway-harness.js';

describe('the names of the fields with instructions', () => {
  it('are configurable: the configured fields are removed, the others stay', async () => {
    const harness = await GatewayHarness.open({
      gateway: { listUnsubscribeField: 'X-Unsub', tagFields: ['X-Campaign'] },
    });
    const talk = await harness.signedIn();
    const fields =
      'X-Unsub: <https://example.com/u>\r\nX-Campaign: a\r\nX-List-Unsubscribe: kept\r\nX-OMS-Tags: kept\r\n';
    expect(await send(talk, `${FROM}${fields}\r\n`)).toMatch(/^250/);
    const [message] = await harness.messages();
    expect(message).toMatchObject({ tags: ['a'], listUnsubscribe: '<https://example.com/u>' });
    const raw = await harness.raw(message?.id ?? 0);
    expect(raw).toContain('\r\nList-Unsubscribe: <https://example.com/u>\r\n');
    expect(raw).toContain('\r\nX-List-Unsubscribe: kept\r\nX-OMS-Tags: kept\r\n');
    expect(raw).not.toMatch(/X-Unsub|X-Campaign/);
  });

  it('appear in the reason of a refusal', async () => {
    const harness = await GatewayHarness.open({ gateway: { listUnsubscribeField: 'X-Unsub' } });
    const talk = await harness.signedIn();
    expect(await send(talk, `${FROM}X-Unsub: nonsense\r\n\r\n`)).toMatch(
      /^550 5\.6\.0 X-Unsub must be <uri>/,
    );
  });
});
