import { describe, expect, it } from 'vitest';
import { Admission } from '../../src/server/admission/admission.js';
import { DEFAULT_ADMISSION } from '../../src/server/limits.js';
import { expectNoTrouble, localhostCertificates, serve, until } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

describe('more connections than allowed (111)', () => {
  it('in total: 421, and the place is free again when one leaves', async () => {
    const { port, server } = await serve({ admission: { connections: 2 } });
    const first = await Talk.greeted(port);
    await Talk.greeted(port);
    const third = await Talk.open(port);
    await third.play('< 421 4.7.0 Too many connections');
    expect(await third.rest()).toBe('');
    expect(server.connections).toBe(2);
    await first.play('> QUIT', '< 221');
    first.socket.destroy();
    await until('it has left', () => server.connections === 1);
    await Talk.greeted(port);
  });

  it('from one address: 421, while others still come in', async () => {
    const { port } = await serve({ admission: { connectionsPerAddress: 1 } }, { host: '127.0.0.1' });
    await Talk.greeted(port, { from: '127.0.0.2' });
    const second = await Talk.open(port, { from: '127.0.0.2' });
    await second.play('< 421 4.7.0');
    await Talk.greeted(port, { from: '127.0.0.3' });
  });

  it('before any work on TLS', async () => {
    const { port } = await serve(
      { certificates: await localhostCertificates(), admission: { connections: 1 } },
      { tls: 'implicit' },
    );
    await Talk.greeted(port, { tls: true });
    const second = await Talk.open(port);
    // In plain text: nothing was computed for it.
    await second.play('< 421 4.7.0');
  });

  it('counts those that never got as far as a greeting', async () => {
    const { port, server } = await serve(
      { certificates: await localhostCertificates(), admission: { connections: 1 } },
      { tls: 'detect', tlsDetectMs: 5_000 },
    );
    const silent = await Talk.open(port);
    await until('it is counted', () => server.connections === 1);
    await (await Talk.open(port)).play('< 421');
    silent.socket.destroy();
    await until('it has left', () => server.connections === 0);
  });
});

describe('a seat', () => {
  const limits = { ...DEFAULT_ADMISSION, connections: 2, connectionsPerAddress: 1 };

  it('is left once, however often it is left', () => {
    const admission = new Admission(limits, () => 0);
    const first = admission.enter('192.0.2.1');
    const second = admission.enter('192.0.2.2');
    first?.leave();
    first?.leave();
    expect(admission.connections).toBe(1);
    second?.leave();
    expect(admission.connections).toBe(0);
  });

  it('counts for the network that it moved to', () => {
    const admission = new Admission(limits, () => 0);
    const seat = admission.enter('192.0.2.1');
    expect(seat?.move('192.0.2.2')).toBe(true);
    expect(seat?.network).toBe('192.0.2.2');
    expect(admission.enter('192.0.2.2')).toBeNull();
    expect(admission.enter('192.0.2.1')).not.toBeNull();
  });

  it('stays where it was if the other network has too many', () => {
    const admission = new Admission(limits, () => 0);
    const seat = admission.enter('192.0.2.1');
    const other = admission.enter('192.0.2.2');
    expect(seat?.move('192.0.2.2')).toBe(false);
    other?.leave();
    expect(admission.enter('192.0.2.1')).toBeNull();
    expect(admission.enter('192.0.2.2')).not.toBeNull();
  });

  it('does not move after it was left', () => {
    const admission = new Admission(limits, () => 0);
    const seat = admission.enter('192.0.2.1');
    seat?.leave();
    expect(seat?.move('192.0.2.2')).toBe(false);
    expect(admission.connections).toBe(0);
    expect(admission.enter('192.0.2.2')).not.toBeNull();
  });
});

describe('failed AUTH', () => {
  const limits = { ...DEFAULT_ADMISSION, authFailuresPerAddress: 4, authDelay: 100, longestAuthDelay: 250 };

  it('is answered later and later, from the second on, per network and up to a limit', () => {
    const admission = new Admission(limits, () => 0);
    const delays = [1, 2, 3, 4].map(() => admission.authFailed('192.0.2.1'));
    expect(delays).toEqual([
      { delay: 0, tooMany: false },
      { delay: 100, tooMany: false },
      { delay: 200, tooMany: false },
      { delay: 250, tooMany: true },
    ]);
    expect(admission.authFailed('192.0.2.2').delay).toBe(0);
  });

  it('is forgotten after a while', () => {
    let now = 0;
    const admission = new Admission(limits, () => now);
    admission.authFailed('192.0.2.1');
    now += limits.authMemory;
    expect(admission.authFailed('192.0.2.1').delay).toBe(0);
  });

  it('is remembered of a bounded number of networks, the latest', () => {
    const admission = new Admission(limits, () => 0);
    admission.authFailed('first');
    for (let n = 0; n < 10_000; n++) admission.authFailed(String(n));
    expect(admission.authFailed('9999').delay).toBe(100);
    expect(admission.authFailed('first').delay).toBe(0);
  });
});
