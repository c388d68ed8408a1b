import { describe, expect, it } from 'vitest';
import { Reply } from '../../src/protocol/index.js';
import { type AdmissionLimits, Refusal } from '../../src/server/index.js';
import { expectNoTrouble, type Running, serve } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

function serveAuth(admission: Partial<AdmissionLimits>): Promise<Running<string>> {
  return serve({
    admission: { authDelay: 1, ...admission },
    onAuth: (_, { authcid, password }) => {
      switch (password.expose()) {
        case 'right':
          return authcid.expose();
        case 'thrown':
          throw new Refusal(new Reply(535, '5.7.8', 'Thrown'));
        case 'later':
          return new Reply(454, '4.7.0', 'Not now');
        case 'bug':
          throw new Error('a secret of the application');
        default:
          return null;
      }
    },
  });
}

describe('failed AUTH on one connection (63)', () => {
  it('gets 535, and the last one 421', async () => {
    const { port, refused } = await serveAuth({ authFailures: 3 });
    const talk = await Talk.greeted(port);
    expect(await talk.signIn('me', 'wrong')).toMatch(/^535 5\.7\.8/);
    expect(await talk.signIn('me', 'wrong')).toMatch(/^535 5\.7\.8/);
    expect(await talk.signIn('me', 'wrong')).toMatch(/^421 4\.7\.0 Too many failed authentications/);
    expect(await talk.rest()).toBe('');
    expect(refused).toEqual(['AUTH 535', 'AUTH 535', 'AUTH 421']);
  });

  it('is the same where the handler throws its refusal', async () => {
    const { port } = await serveAuth({ authFailures: 2 });
    const talk = await Talk.greeted(port);
    expect(await talk.signIn('me', 'thrown')).toBe('535 5.7.8 Thrown');
    expect(await talk.signIn('me', 'thrown')).toMatch(/^421/);
  });

  it('does not stand in the way of another mechanism that succeeds (64)', async () => {
    const { port } = await serveAuth({ authFailures: 3 });
    const talk = await Talk.greeted(port);
    expect(await talk.signIn('me', 'wrong')).toMatch(/^535/);
    await talk.play('> AUTH LOGIN', '< 334 ', `> ${btoa('me')}`, '< 334 ', `> ${btoa('right')}`, '< 235');
  });
});

it('counts across connections of one address, never against the right credentials', async () => {
  const { port } = await serveAuth({ authFailures: 10, authFailuresPerAddress: 3 });
  for (const expected of [/^535/, /^535/, /^421/, /^421/]) {
    const talk = await Talk.greeted(port);
    expect(await talk.signIn('me', 'wrong')).toMatch(expected);
  }
  expect(await (await Talk.greeted(port)).signIn('me', 'right')).toMatch(/^235/);
  const elsewhere = await Talk.greeted(port, { from: '127.0.0.9' });
  expect(await elsewhere.signIn('me', 'wrong')).toMatch(/^535/);
});

it('a verifier that fails temporarily is not a failed AUTH, and the client learns nothing', async () => {
  const { port, errors } = await serveAuth({ authFailures: 1 });
  const talk = await Talk.greeted(port);
  expect(await talk.signIn('me', 'later')).toBe('454 4.7.0 Not now');
  const reply = await talk.signIn('me', 'bug');
  expect(reply).toBe('451 4.3.0 Local error, try again later');
  expect(errors.map(String)).toEqual(['Error: a secret of the application']);
  expect(await talk.signIn('me', 'right')).toMatch(/^235/);
});
