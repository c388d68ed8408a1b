/** The PROXY protocol as HAProxy itself speaks it; skipped where Debian's haproxy is not installed. */
import { expect, it } from 'vitest';
import { HAPROXY_PRESENT, startHaproxy } from '../haproxy.js';
import { expectNoTrouble, localhostCertificates, serve } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

/** Starts HAProxy in front of the port; returns its own. */
const haproxy = (port: number, option: string): Promise<number> =>
  startHaproxy(
    (address) => `
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen smtp
  bind ${address}
  server postern 127.0.0.1:${port} ${option}
`,
  );

it
  .skipIf(!HAPROXY_PRESENT)
  .each(['send-proxy', 'send-proxy-v2', 'send-proxy-v2 proxy-v2-options unique-id,crc32c'])(
  'HAProxy with %s passes on who the client is',
  async (option) => {
    const seen: string[] = [];
    const { port } = await serve(
      {
        certificates: await localhostCertificates(),
        onHello: ({ remoteAddress, localPort }) => void seen.push(`${remoteAddress} ${localPort}`),
      },
      { tls: 'detect', proxies: ['127.0.0.1'], proxiesOnly: true },
    );
    const front = await haproxy(port, option);
    await Talk.greeted(front, { from: '127.0.0.7' });
    await Talk.greeted(front, { from: '127.0.0.8', tls: true });
    expect(seen).toEqual([`127.0.0.7 ${front}`, `127.0.0.8 ${front}`]);
  },
);
