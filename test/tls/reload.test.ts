import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../src/cli/serve/issue-certificate.js';
import { Certificates, type ReloadResult } from '../../src/server/tls/certificates.js';
import { echo, Loopback, pairFor, until } from './loopback.js';

let old: IssuedCertificate;
let renewed: IssuedCertificate;
let other: IssuedCertificate;
let folder: string;
let certFile: string;
let keyFile: string;
let certificates: Certificates;
let loopback: Loopback;

beforeAll(async () => {
  [old, renewed, other] = await Promise.all([
    pairFor(['old.example', 'mail.example']),
    pairFor(['new.example', 'mail.example']),
    pairFor(['other.example']),
  ]);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-tls-reload-'));
  certFile = join(folder, 'cert.pem');
  keyFile = join(folder, 'key.pem');
  await write(old);
  certificates = Certificates.load([{ certFile, keyFile }, other]);
  loopback = await Loopback.open(certificates);
});

afterEach(async () => {
  certificates.close();
  await loopback.close();
  await rm(folder, { recursive: true, force: true });
});

async function write({ cert, key }: IssuedCertificate): Promise<void> {
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
}

describe('reload', () => {
  it('serves the new certificate to new connections, with a server name and without', async () => {
    await write(renewed);
    expect(await loopback.namesFor()).toBe('old.example, mail.example');
    expect(await certificates.reload()).toEqual({ ok: true, changed: true, warnings: [] });
    expect(await loopback.namesFor()).toBe('new.example, mail.example');
    expect(await loopback.namesFor('mail.example')).toBe('new.example, mail.example');
    expect(await loopback.namesFor('unknown.example')).toBe('new.example, mail.example');
    expect(await loopback.namesFor('other.example')).toBe('other.example');
  });

  it('says what is wrong with sources that are none, and keeps those from before', async () => {
    const words =
      'certificates: TypeError: reload: expected a list of { certFile, keyFile } or { cert, key }, got an object';
    expect(await certificates.reload(renewed as never)).toMatchObject({
      ok: false,
      error: { code: 'refused', message: words },
    });
    expect(await loopback.namesFor()).toBe('old.example, mail.example');
    expect(await certificates.reload([renewed])).toMatchObject({ ok: true, changed: true });
  });

  it('is not watched for with an option that there is not', () => {
    expect(() => certificates.watch({ interval: 100 } as never)).toThrow(
      'watch: there is no option interval; did you mean intervalMs?',
    );
    expect(() => certificates.watch({ intervalMs: 0 })).toThrow(
      'watch: intervalMs: expected milliseconds, more than 0',
    );
    expect(() => certificates.watch({ onReload: 'log' as never })).toThrow(
      'watch: onReload: expected a function',
    );
    certificates.watch({ intervalMs: 100, settleMs: 0, onReload: () => undefined });
  });

  it('leaves connections alone', async () => {
    const named = await loopback.connect({ servername: 'mail.example' });
    const unnamed = await loopback.connect();
    await write(renewed);
    await certificates.reload();
    expect(await echo(named, 'still here')).toBe('still here');
    expect(await echo(unnamed, 'here, too')).toBe('here, too');
    expect(named.getPeerCertificate().subjectaltname).toBe('DNS:old.example, DNS:mail.example');
  });

  it('keeps what it had, all of it, when one of the new ones is bad', async () => {
    await write({ cert: renewed.cert, key: old.key });
    const result = await certificates.reload();
    expect(result).toMatchObject({ ok: false, error: { code: 'key-mismatch', where: keyFile } });
    expect(await loopback.namesFor()).toBe('old.example, mail.example');
    expect(await loopback.namesFor('mail.example')).toBe('old.example, mail.example');
    expect(certificates.facts[0]?.names).toEqual(['old.example', 'mail.example']);
  });

  it('reads the same sources again after a bad reload', async () => {
    await rm(keyFile);
    expect(await certificates.reload()).toMatchObject({ ok: false, error: { code: 'cannot-read' } });
    await write(renewed);
    expect(await certificates.reload()).toMatchObject({ ok: true, changed: true });
    expect(await loopback.namesFor()).toBe('new.example, mail.example');
  });

  it('says when nothing changed', async () => {
    await write(old);
    expect(await certificates.reload()).toMatchObject({ ok: true, changed: false });
  });

  it('takes a longer chain for a change', async () => {
    await write({ cert: old.cert + other.cert, key: old.key });
    expect(await certificates.reload()).toMatchObject({ ok: true, changed: true });
  });

  it('takes other sources, and keeps to those', async () => {
    expect(await certificates.reload([other])).toMatchObject({ ok: true, changed: true });
    expect(await loopback.namesFor('mail.example')).toBe('other.example');
    expect(await certificates.reload()).toMatchObject({ ok: true, changed: false });
  });

  it('several at once end with the last one, however long each takes to read', async () => {
    await write(renewed);
    const results = await Promise.all([
      certificates.reload([{ certFile, keyFile }]),
      certificates.reload([other]),
    ]);
    expect(results.map((result) => result.ok)).toEqual([true, true]);
    expect(await loopback.namesFor()).toBe('other.example');
  });
});

describe('watch', () => {
  let results: ReloadResult[];

  beforeEach(() => {
    results = [];
    certificates.watch({ intervalMs: 20, settleMs: 20, onReload: (result) => results.push(result) });
  });

  const served = async (names: string): Promise<boolean> => (await loopback.namesFor()) === names;

  it('sees files that are written over', async () => {
    await write(renewed);
    await until('the new certificate', () => served('new.example, mail.example'));
  });

  it('sees files that are renamed over', async () => {
    await writeFile(`${certFile}.new`, renewed.cert);
    await writeFile(`${keyFile}.new`, renewed.key);
    await rename(`${certFile}.new`, certFile);
    await rename(`${keyFile}.new`, keyFile);
    await until('the new certificate', () => served('new.example, mail.example'));
  });

  it('reports files that do not fit, keeps the old ones, and reports when new files fit again', async () => {
    await writeFile(keyFile, renewed.key);
    await until('the failure', () => results.some((result) => !result.ok));
    expect(await served('old.example, mail.example')).toBe(true);
    await write(old);
    await until('the recovery', () => results.at(-1)?.ok === true);
  });

  it('says nothing of files written anew with the same content', async () => {
    await write(old);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(results).toEqual([]);
  });

  it('ends with close', async () => {
    certificates.close();
    await write(renewed);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await served('old.example, mail.example')).toBe(true);
  });
});

describe('watch through links', () => {
  /** Replaces a link in one step, as certbot and Kubernetes do. */
  async function swap(target: string, link: string): Promise<void> {
    await symlink(target, `${link}.new`);
    await rename(`${link}.new`, link);
  }

  async function put(place: string, { cert, key }: IssuedCertificate): Promise<void> {
    await mkdir(join(folder, place), { recursive: true });
    await writeFile(join(folder, place, 'tls.crt'), cert);
    await writeFile(join(folder, place, 'tls.key'), key);
  }

  it.each([
    // Kubernetes: tls.crt -> ..data/tls.crt, ..data -> ..1; a renewal swaps ..data alone.
    ['the folder in the middle of a path', ['..data']],
    // certbot: live/tls.crt -> ../archive/1/tls.crt; a renewal swaps each file's own link.
    ['the files themselves, one after the other', ['tls.crt', 'tls.key']],
  ])('sees a swap of %s', async (_, swapped) => {
    await put('..1', old);
    await put('..2', renewed);
    await symlink('..1', join(folder, '..data'));
    const whole = swapped.includes('..data');
    for (const name of ['tls.crt', 'tls.key']) {
      await symlink(whole ? `..data/${name}` : `..1/${name}`, join(folder, name));
    }
    const source = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
    expect(await certificates.reload([source])).toMatchObject({ ok: true });
    certificates.watch({ intervalMs: 20, settleMs: 20 });

    // There and back: the second swap surely comes after the watch has seen the first.
    for (const [place, names] of [
      ['..2', 'new.example, mail.example'],
      ['..1', 'old.example, mail.example'],
    ] as const) {
      for (const name of swapped) await swap(whole ? place : `${place}/${name}`, join(folder, name));
      await until(`what is in ${place}`, async () => (await loopback.namesFor()) === names);
    }
  });
});
