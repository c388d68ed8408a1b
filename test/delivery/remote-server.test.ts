/** Tests the helpers of the delivery tests: a remote server that fails on request, and a name server. */
import { Resolver } from 'node:dns/promises';
import { expect, it } from 'vitest';
import { Talk } from '../server/talk.js';
import { until } from '../server/harness.js';
import { dnsServer } from './dns-server.js';
import { startRemoteServer } from './remote-server.js';

const ENVELOPE = ['> MAIL FROM:<a@b.example>', '< 250', '> RCPT TO:<c@d.example>', '< 250'];

it('keeps the messages that it accepts', async () => {
  const end = await startRemoteServer();
  const talk = await Talk.greeted(end.port);
  await talk.play(...ENVELOPE, '> DATA', '< 354', '> ..x', '> .', '< 250');
  expect(end.received).toEqual([
    {
      connection: 0,
      hello: 'client.example',
      user: null,
      tls: false,
      reversePath: 'a@b.example',
      parameters: {},
      recipients: [{ address: 'c@d.example', parameters: {} }],
      content: Buffer.from('.x\r\n'),
    },
  ]);
});

it('refuses, and cuts connections, as the test orders', async () => {
  const end = await startRemoteServer({
    behave: ({ phase }) => (phase === 'rcpt' ? '452 4.5.3 Too many' : undefined),
  });
  const talk = await Talk.greeted(end.port);
  await talk.play(...ENVELOPE.slice(0, 3), '< 452 4.5.3 Too many');
  end.behave = ({ phase }) => (phase === 'end' ? 'reset' : undefined);
  await talk.play(...ENVELOPE.slice(2), '> DATA', '< 354', '> x', '> .');
  expect(await talk.rest()).toBe('');
  expect(end.received.length).toBe(1);
  await until('the end of the connection', () => end.open === 0);
});

it('answers DNS queries from its table', async () => {
  const dns = await dnsServer({
    'a.example': { MX: [{ preference: 5, exchange: 'mx.a.example' }], TXT: ['x'.repeat(300)] },
    'mx.a.example': { A: ['127.0.0.1'], AAAA: ['::1'] },
    'broken.example': 'SERVFAIL',
    'MX half.example': 'SERVFAIL',
    'half.example': { A: ['127.0.0.2'] },
  });
  const resolver = new Resolver({ tries: 1, timeout: 5000 });
  resolver.setServers([dns.address]);
  expect(await resolver.resolveMx('a.example')).toEqual([{ priority: 5, exchange: 'mx.a.example' }]);
  expect(await resolver.resolveTxt('A.example')).toEqual([['x'.repeat(255), 'x'.repeat(45)]]);
  expect(await resolver.resolve4('mx.a.example')).toEqual(['127.0.0.1']);
  expect(await resolver.resolve6('mx.a.example')).toEqual(['::1']);
  await expect(resolver.resolve6('a.example')).rejects.toMatchObject({ code: 'ENODATA' });
  await expect(resolver.resolveMx('none.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(resolver.resolveMx('broken.example')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  await expect(resolver.resolveMx('half.example')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  expect(await resolver.resolve4('half.example')).toEqual(['127.0.0.2']);
  expect(dns.asked).toContain('MX none.example');
});
