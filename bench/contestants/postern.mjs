// Postern as a library: every check of the protocol, and a handler that drops what it gets.
import { Certificates, createServer } from '../../dist/index.js';

const { PORT, TLS = 'off', CERT, KEY, AUTH } = process.env;
const handler = AUTH === undefined ? {} : { onAuth: (_session, { authcid }) => authcid };
const server = createServer(handler, {
  allowInsecureAuth: AUTH !== undefined,
  hostname: 'bench.example',
  admission: { connections: 100_000, connectionsPerAddress: 100_000 },
  ...(CERT === undefined
    ? {}
    : { certificates: await Certificates.load([{ certFile: CERT, keyFile: KEY }]) }),
});
await server.listen({ host: '127.0.0.1', port: Number(PORT), tls: TLS === 'optional' ? 'starttls' : TLS });
process.on('SIGTERM', () => process.exit(0));
