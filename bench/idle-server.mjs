// A server to measure, in a process of its own: `bare`, `library` (plain) or `gateway` (TLS on the same port, AUTH). It
// answers each question with its memory; `settle` says how often it collects garbage before that.
import { createServer as createNetServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

const HELLO = Buffer.from(
  '250-mx.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n',
);
const GREETING = Buffer.from('220 mx.example ESMTP ready\r\n');

/** Answers without reading: the least that a server on node:net costs. */
function bare() {
  const onData = function () {
    this.write(HELLO);
  };
  const onError = function () {
    this.destroy();
  };
  return new Promise((resolve) => {
    const server = createNetServer({ noDelay: true }, (socket) => {
      socket.on('data', onData);
      socket.on('error', onError);
      socket.write(GREETING);
    }).listen(0, '0.0.0.0', 4096, () => resolve(server.address().port));
  });
}

async function postern(kind) {
  const { Certificates, createServer } = await import('../dist/index.js');
  const admission = { connections: 100_000, connectionsPerAddress: 100_000 };
  if (kind === 'library') {
    const server = createServer({}, { hostname: 'mx.example', admission });
    return (await server.listen({ host: '0.0.0.0', port: 0 })).port;
  }
  const { makeCertificate } = await import('./suite/certificate.mjs');
  const certificate = await makeCertificate();
  const handler = { onAuth: (_, { authcid }) => authcid.expose(), onMail: () => undefined };
  const server = createServer(handler, {
    hostname: 'mx.example',
    allowInsecureAuth: true,
    admission,
    certificates: await Certificates.load([{ certFile: certificate.cert, keyFile: certificate.key }]),
  });
  certificate.remove();
  return (await server.listen({ host: '0.0.0.0', port: 0, tls: 'detect', tlsDetectMs: 20 })).port;
}

const kind = process.argv[2] ?? 'bare';
process.on('message', async (question) => {
  // Freed pages go back to the system a little later than the objects on them.
  for (let left = question.settle ?? 0; left > 0; left--) {
    globalThis.gc?.();
    await setTimeout(200);
  }
  process.send?.({ ...process.memoryUsage(), cpu: process.cpuUsage() });
});
process.send?.({ port: kind === 'bare' ? await bare() : await postern(kind) });
