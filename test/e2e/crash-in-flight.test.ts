// All mail is delivered, however often the server is killed for another reason while it delivers.
import { expect, it } from 'vitest';
import { dnsServer } from '../delivery/dns-server.js';
import { type DialogueMoment, startRemoteServer } from '../delivery/remote-server.js';
import { CrashFolder } from './crash-folder.js';

it('mail that is under way while the server is killed again and again is delivered, none bounces', async () => {
  // More than after which a message is given up.
  const KILLS = 4;
  const DOMAINS = 50;
  // Few messages go to a destination that never worked, so that many destinations make hundreds of attempts.
  const domains = Array.from({ length: DOMAINS }, (_, n) => `d${n}.example`);
  const records = { MX: [{ preference: 10, exchange: 'mx.far.example' }] };
  const dns = await dnsServer({
    'mx.far.example': { A: ['127.0.0.1'] },
    ...Object.fromEntries(domains.map((domain) => [domain, records])),
  });
  const underWay = new Set<number>();
  let works = false;
  const far = await startRemoteServer({
    behave: ({ phase, connection }: DialogueMoment) => {
      if (works || phase !== 'mail') return undefined;
      underWay.add(connection);
      return 'silence';
    },
  });
  const folder = await CrashFolder.create();
  const options = { port: String(far.port), resolver: dns.address, private: 'allow', sts: 'off' };
  const environment = {
    POSTERN_DELIVER: `mx://?${Object.entries(options)
      .map((option) => option.join('='))
      .join('&')}`,
    POSTERN_DELIVERY_WORKERS: '500',
    POSTERN_DELIVERY_PER_DOMAIN: '500',
  };
  const company: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const each = kill === 0 ? 5 : 1;
    await folder.addTo(
      domains.flatMap((domain) => Array.from({ length: each }, (_, n) => `to-${kill}-${n}@${domain}`)),
    );
    underWay.clear();
    const gateway = await folder.gateway(far, environment);
    await gateway.says(/^postern ready /m);
    // Some time with no further attempt: those that begin at all have begun.
    for (let before = -1; underWay.size === 0 || underWay.size > before;) {
      before = underWay.size;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    company.push(underWay.size);
    await gateway.stop('SIGKILL');
    far.cut();
  }
  works = true;
  const last = await folder.gateway(far, environment);
  await folder.until((waiting) => waiting.length === 0, last);
  expect(last.child.exitCode, last.stderr).toBeNull();
  expect(await folder.of('bounced')).toEqual([]);
  expect(await folder.of('delivered')).toEqual([...folder.innocents].sort());
  expect(company[0]).toBe(DOMAINS * 5);
  expect(Math.min(...company)).toBeGreaterThanOrEqual(DOMAINS);
}, 240_000);
