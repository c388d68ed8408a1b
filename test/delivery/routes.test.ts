import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type DeliverUrl, RouteError, Routes } from '../../src/delivery/queue/routes.js';
import { Secret } from '../../src/base/secret.js';
import { scratch } from '../scratch.js';

const url = (text: string): DeliverUrl => ({ url: new Secret(text), shown: `shown ${text.slice(0, 5)}` });

async function routesOf(
  deliver: readonly string[],
  routes: readonly { domain?: string; tag?: string; deliver: readonly string[] }[] = [],
): Promise<Routes> {
  const opened = await Routes.open(
    {
      deliver: deliver.map(url),
      routes: routes.map(({ domain = null, tag = null, deliver }) => ({
        domain,
        tag,
        deliver: deliver.map(url),
      })),
    },
    { hostname: 'mx.example' },
  );
  onTestFinished(() => opened.close());
  return opened;
}

const names = (routes: Routes, domain: string, ...tags: string[]) =>
  routes.transportsOf(domain, tags).map(({ name }) => name);

describe('routes', () => {
  it('choose the first rule that fits, then the default', async () => {
    const routes = await routesOf(
      ['file:/default', 'file:/second'],
      [
        { domain: 'A.example', tag: 'bulk', deliver: ['file:/a-bulk'] },
        { tag: 'bulk', deliver: ['file:/bulk', 'file:/default'] },
        { domain: 'a.example', deliver: ['file:/a'] },
      ],
    );
    expect(names(routes, 'a.example', 'x', 'bulk')).toEqual(['file:/a-bulk']);
    expect(names(routes, 'b.example', 'bulk')).toEqual(['file:/bulk', 'file:/default']);
    expect(names(routes, 'a.example')).toEqual(['file:/a']);
    expect(names(routes, 'b.example', 'bul')).toEqual(['file:/default', 'file:/second']);
    expect(names(routes, 'sub.a.example')).toEqual(['file:/default', 'file:/second']);
  });

  it('accept the name of a domain in any form', async () => {
    const routes = await routesOf(
      ['file:/default'],
      [
        { domain: 'A.example.', deliver: ['file:/a'] },
        { domain: 'b\u00fccher.example', deliver: ['file:/b'] },
      ],
    );
    expect(names(routes, 'a.example')).toEqual(['file:/a']);
    expect(names(routes, 'xn--bcher-kva.example')).toEqual(['file:/b']);
    const failure = routesOf([], [{ domain: '\uff41.example', deliver: ['file:/a'] }]);
    await expect(failure).rejects.toThrow(
      /^delivery\.routes\[0\]\.domain = .*: that is not the name of a domain$/,
    );
  });

  it('without a default hold a message that no rule fits', async () => {
    const routes = await routesOf([], [{ domain: 'a.example', deliver: ['file:/a'] }]);
    expect(routes.isEmpty).toBe(false);
    expect(names(routes, 'b.example')).toEqual([]);
    expect((await routesOf([])).isEmpty).toBe(true);
  });

  it('say whether mail goes to the servers of its recipients', async () => {
    expect((await routesOf(['smtp://h:25'], [{ tag: 'x', deliver: ['file:/b'] }])).areDirect).toBe(false);
    expect((await routesOf(['smtp://h:25'], [{ tag: 'x', deliver: ['mx://'] }])).areDirect).toBe(true);
  });

  it('open one transport for one URL, however often it is configured', async () => {
    const routes = await routesOf(['file:/a', 'file:/b'], [{ tag: 'x', deliver: ['file:/b'] }]);
    expect(routes.transportsOf('a.example', ['x'])[0]).toBe(routes.transportsOf('a.example', [])[1]);
    expect(routes.names).toEqual(['file:/a', 'file:/b']);
  });

  it('report every wrong URL with its key, and no secret', async () => {
    const secret = 'hunter2';
    const failure = routesOf(
      [`gopher://user:${secret}@host`, 'file:/fine', `http://${secret}@relay.example/send`],
      [{ deliver: ['maildir:'] }],
    );
    await expect(failure).rejects.toThrow(RouteError);
    const { problems } = (await failure.catch((error: unknown) => error)) as RouteError;
    expect(problems).toEqual([
      expect.stringMatching(
        /^deliver\[0\] = "shown gophe": scheme "gopher" is unknown; it may be .*; allowed is /,
      ),
      expect.stringMatching(/^deliver\[2\] = "shown http:": http: is allowed for this machine only/),
      expect.stringMatching(/^delivery\.routes\[0\]\.deliver\[0\] = .*needs the path of a folder/),
    ]);
    expect(problems.join()).not.toContain(secret);
  });

  it('connect to nothing before there is mail', async () => {
    const folder = await scratch();
    const routes = await routesOf([`maildir:${folder}/mail`]);
    expect(names(routes, 'a.example')).toEqual([`maildir:${folder}/mail`]);
    await expect(rm(join(folder, 'mail'))).rejects.toThrow(/ENOENT/);
  });
});
