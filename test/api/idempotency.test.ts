// A request with an Idempotency-Key is done once, whatever happens in between.
import { describe, expect, it } from 'vitest';
import { OTHER_TOKEN, ApiHarness } from './api-harness.js';

const MAIL = { from: 'app@example.com', to: 'you@example.net', subject: 'First', textbody: 'Hi' };
const key = (value: string) => ({ 'idempotency-key': value });

describe('Idempotency-Key', () => {
  it('gives the response of the first success again, whatever the new body', async () => {
    const harness = await ApiHarness.start();
    const first = await harness.send(MAIL, key('a'));
    const second = await harness.send({ from: 'nonsense' }, key('a'));
    expect([second.statusCode, second.json()]).toEqual([200, first.json()]);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(await harness.count()).toBe(1);
  });

  it('is free again after a failure', async () => {
    const harness = await ApiHarness.start();
    expect((await harness.send({ ...MAIL, to: 'x' }, key('a'))).statusCode).toBe(400);
    expect((await harness.send(MAIL, key('a'))).statusCode).toBe(200);
    expect(await harness.count()).toBe(1);
  });

  it('conflicts while a request with it is under way', async () => {
    const harness = await ApiHarness.start();
    const body = { ...MAIL, textbody: 'x'.repeat(2_000_000) };
    const answers = await Promise.all([harness.send(body, key('a')), harness.send(body, key('a'))]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
    const conflict = answers.find(({ statusCode }) => statusCode === 409);
    expect(conflict?.json()).toEqual({ error: 'A request with this Idempotency-Key is under way' });
    expect(await harness.count()).toBe(1);
  });

  it('belongs to the domain of the token, and to one API', async () => {
    const harness = await ApiHarness.start();
    await harness.send(MAIL, key('a'));
    const other = await harness.send(
      { ...MAIL, from: 'a@other.example' },
      { ...key('a'), 'mailpace-server-token': OTHER_TOKEN },
    );
    expect(other.headers['idempotency-replayed']).toBeUndefined();
    const { from, to, subject, textbody: text } = MAIL;
    const resend = await harness.send({ from, to, subject, text }, key('a'), '/compat/resend/emails');
    expect([resend.statusCode, resend.headers['idempotency-replayed']]).toEqual([200, undefined]);
    expect(await harness.count()).toBe(3);
  });

  it('is forgotten after its time', async () => {
    let now = Date.now();
    const harness = await ApiHarness.start({ now: () => now });
    await harness.send(MAIL, key('a'));
    now += 24 * 3_600_000 + 1;
    await harness.send(MAIL, key('a'));
    expect(await harness.count()).toBe(2);
  });

  it.each(['', 'x'.repeat(256), 'a\u00e9'])('%j is refused', async (value) => {
    const harness = await ApiHarness.start();
    const response = await harness.send(MAIL, key(value));
    expect([response.statusCode, response.json()]).toEqual([
      400,
      { error: 'Idempotency-Key must have 1 to 255 printable characters' },
    ]);
  });
});
