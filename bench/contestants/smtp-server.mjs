// npm's smtp-server, with a handler that drops what it gets.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { peersFolder } from '../suite/peers.mjs';

const { SMTPServer } = createRequire(peersFolder)('smtp-server');
const { PORT, TLS = 'off', CERT, KEY } = process.env;
const server = new SMTPServer({
  secure: TLS === 'implicit',
  ...(CERT === undefined ? {} : { cert: readFileSync(CERT), key: readFileSync(KEY) }),
  disabledCommands: TLS === 'off' ? ['STARTTLS'] : [],
  authOptional: true,
  allowInsecureAuth: true,
  disableReverseLookup: true,
  onAuth: ({ username }, _session, done) => done(null, { user: username }),
  onData(stream, _session, done) {
    stream.resume();
    stream.once('end', done);
  },
});
server.on('error', () => undefined);
server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
