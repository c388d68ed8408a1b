/** Each limit at its value and one above, over a real connection; the session goes on after each refusal. */
import { describe, expect, it } from 'vitest';
import { expectNoTrouble } from '../server/harness.js';
import { expectAlive, FROM, GatewayHarness, send } from './gateway-harness.js';

expectNoTrouble();

const HEADER_LIMIT = 2_000;

/** Returns a header section of so many octets, its blank line included. */
function headerOf(octets: number): string {
  const room = octets - FROM.length - 2;
  const lines = Math.ceil(room / 500);
  let header = FROM;
  for (let line = 0; line < lines; line++) {
    const length = Math.floor(room / lines) + (line === 0 ? room % lines : 0);
    header += `X-Fill: ${'x'.repeat(length - 10)}\r\n`;
  }
  return `${header}\r\n`;
}

describe('the header section', () => {
  it.each(['in one write', 'octet by octet'])(
    'may reach its limit, and not one octet more (%s)',
    async (how) => {
      const harness = await GatewayHarness.open({ gateway: { maxHeaderSize: HEADER_LIMIT } });
      const talk = await harness.signedIn();
      for (const [octets, expected] of [
        [HEADER_LIMIT, /^250/],
        [HEADER_LIMIT + 1, /^552 5\.3\.4 Header section too big: at most 2000 octets/],
        [20 * HEADER_LIMIT, /^552/],
      ] as const) {
        const header = headerOf(octets);
        expect(header).toHaveLength(octets);
        await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
        await talk.play('> DATA', '< 354');
        const message = `${header}Body\r\n.\r\n`;
        if (how === 'in one write') talk.write(message);
        else {
          for (const octet of message) {
            talk.write(octet);
            if (octet === '\n') await new Promise((resolve) => setImmediate(resolve));
          }
        }
        expect(await talk.reply()).toMatch(expected);
      }
      expect(await harness.messages()).toHaveLength(1);
      await expectAlive(talk);
    },
  );

  it('is not held if it never ends: memory does not grow', async () => {
    const harness = await GatewayHarness.open();
    const talk = await harness.signedIn();
    const before = process.memoryUsage().rss;
    await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<you@example.net>', '< 250');
    await talk.play('> DATA', '< 354');
    const block = Buffer.from('X-Fill: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n'.repeat(16_384));
    for (let n = 0; n < 60; n++) {
      if (!talk.socket.write(block)) await new Promise((resolve) => talk.socket.once('drain', resolve));
    }
    talk.write('.\r\n');
    expect(await talk.reply()).toMatch(/^552 5\.3\.4/);
    expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);
    await expectAlive(talk);
  });
});

describe('the whole message', () => {
  it('may reach its limit, and not one octet more (104); SIZE is announced and checked (91)', async () => {
    const limit = 5_000;
    const harness = await GatewayHarness.open({ server: { limits: { messageSize: limit } } });
    const talk = await harness.signedIn();
    expect(await talk.say('EHLO again')).toContain(`SIZE ${limit}`);
    const message = (octets: number): string => {
      const head = `${FROM}\r\n`;
      return `${head}${'x'.repeat(octets - head.length - 2)}\r\n`;
    };
    expect(await send(talk, message(limit))).toMatch(/^250/);
    expect(await send(talk, message(limit + 1))).toMatch(/^552 5\.3\.4 Message too big: at most 5000 octets/);
    await talk.play(`> MAIL FROM:<app@example.com> SIZE=${limit + 1}`, '< 552 5.3.4');
    await talk.play(`> MAIL FROM:<app@example.com> SIZE=${limit}`, '< 250', '> RSET', '< 250');
    expect(await harness.messages()).toHaveLength(1);
    await expectAlive(talk);
  });
});

describe('recipients', () => {
  it('may be a hundred; the next gets 452, and the message goes to the hundred (95)', async () => {
    const harness = await GatewayHarness.open();
    const talk = await harness.signedIn();
    expect(await talk.say('EHLO again')).toContain('LIMITS RCPTMAX=100');
    await talk.play('> MAIL FROM:<app@example.com>', '< 250');
    for (let n = 1; n <= 100; n++) talk.write(`RCPT TO:<u${n}@example.net>\r\n`);
    for (const reply of await talk.replies(100)) expect(reply).toMatch(/^250/);
    await talk.play('> RCPT TO:<u101@example.net>', '< 452 4.5.3 Too many recipients: at most 100 a message');
    await talk.play('> DATA', '< 354');
    talk.write(`${FROM}\r\n.\r\n`);
    await talk.play('< 250');
    const [message] = await harness.messages();
    expect(message?.to).toHaveLength(100);
    expect(message?.to.at(-1)).toBe('u100@example.net');
  });
});

describe('tags', () => {
  const tags = (count: number): string => Array.from({ length: count }, (_, n) => `t${n}`).join(', ');
  it.each([
    [tags(20), '250', 20],
    [tags(21), '550 5.6.0', 0],
    ['x'.repeat(100), '250', 1],
    ['x'.repeat(101), '550 5.6.0', 0],
    ['single', '250', 1],
  ])('%j: %s', async (value, expected, count) => {
    const harness = await GatewayHarness.open();
    const talk = await harness.signedIn();
    expect(await send(talk, `${FROM}X-OMS-Tags: ${value}\r\n\r\n`)).toContain(expected);
    const messages = await harness.messages();
    expect(messages.flatMap((message) => message.tags)).toHaveLength(count);
    await expectAlive(talk);
  });
});

describe('X-List-Unsubscribe', () => {
  it.each([
    ['<https://example.com/u>', '250'],
    ['<mailto:u@example.com>, <https://example.com/u>', '250'],
    ['https://example.com/u', '550 5.6.0 X-List-Unsubscribe must be <uri>'],
    ['', '550 5.6.0'],
    ['<not a uri>', '550 5.6.0'],
  ])('%j: %s', async (value, expected) => {
    const harness = await GatewayHarness.open();
    const talk = await harness.signedIn();
    expect(await send(talk, `${FROM}X-List-Unsubscribe: ${value}\r\n\r\n`)).toContain(expected);
    const [message] = await harness.messages();
    expect(message?.listUnsubscribe ?? null).toBe(expected === '250' ? value : null);
    await expectAlive(talk);
  });
});
