// A request with an Idempotency-Key is done once, whatever happens in between.
import { describe, expect, it } from 'vitest';
import { OTHER_TOKEN, Rig } from './api-harness.js';

const MAIL = { from: 'app@example.com', to: 'you@example.net', subject: 'First', textbody: 'Hi' };
const key = (value: string) => ({ 'idempotency-key': value });

describe('Idempotency-Key', () => {
  it('gives the response of the first success again, whatever the new body', async () => {
    const rig = await Rig.start();
    const first = await rig.send(MAIL, key('a'));
    const second = await rig.send({ from: 'nonsense' }, key('a'));
    expect([second.statusCode, second.json()]).toEqual([200, first.json()]);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(await rig.count()).toBe(1);
  });

  it('is free again after a failure', async () => {
    const rig = await Rig.start();
    expect((await rig.send({ ...MAIL, to: 'x' }, key('a'))).statusCode).toBe(400);
    expect((await rig.send(MAIL, key('a'))).statusCode).toBe(200);
    expect(await rig.count()).toBe(1);
  });

  it('conflicts while a request with it is under way', async () => {
    const rig = await Rig.start();
    const body = { ...MAIL, textbody: 'x'.repeat(2_000_000) };
    const answers = await Promise.all([rig.send(body, key('a')), rig.send(body, key('a'))]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
    const conflict = answers.find(({ statusCode }) => statusCode === 409);
    expect(conflict?.json()).toEqual({ error: 'A request with this Idempotency-Key is under way' });
    expect(await rig.count()).toBe(1);
  });

  it('belongs to the domain of the token, and to one API', async () => {
    const rig = await Rig.start();
    await rig.send(MAIL, key('a'));
    const other = await rig.send(
      { ...MAIL, from: 'a@other.example' },
      { ...key('a'), 'mailpace-server-token': OTHER_TOKEN },
    );
    expect(other.headers['idempotency-replayed']).toBeUndefined();
    const { from, to, subject, textbody: text } = MAIL;
    const resend = await rig.send({ from, to, subject, text }, key('a'), '/compat/resend/emails');
    expect([resend.statusCode, resend.headers['idempotency-replayed']]).toEqual([200, undefined]);
    expect(await rig.count()).toBe(3);
  });

  it('is forgotten after its time', async () => {
    let now = Date.now();
    const rig = await Rig.start({ now: () => now });
    await rig.send(MAIL, key('a'));
    now += 24 * 3_600_000 + 1;
    await rig.send(MAIL, key('a'));
    expect(await rig.count()).toBe(2);
  });

  it.each(['', 'x'.repeat(256), 'a\u00e9'])('%j is refused', async (value) => {
    const rig = await Rig.start();
    const response = await rig.send(MAIL, key(value));
    expect([response.statusCode, response.json()]).toEqual([
      400,
      { error: 'Idempotency-Key must have 1 to 255 printable characters' },
    ]);
  });
});
