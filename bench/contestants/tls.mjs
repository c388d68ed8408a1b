// A bare tls.Server with the canned replies of the null server: what a handshake costs where nothing else does.
// With TLS=optional it speaks the canned dialogue up to STARTTLS on node:net, and hands the socket to the same server.
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import { createServer } from 'node:tls';

const { PORT, TLS = 'implicit', CERT, KEY } = process.env;
const replies = (text) => Buffer.from(text);
const GREETING = replies('220 tls ESMTP\r\n');
const PLAIN_HELLO = replies('250-tls\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 SIZE 0\r\n');
const READY = replies('220 2.0.0 Ready\r\n');
const HELLO = replies('250-tls\r\n250-PIPELINING\r\n250 SIZE 0\r\n');
const OK = replies('250 2.0.0 Ok\r\n');
const START = replies('354 go on\r\n');
const BYE = replies('221 2.0.0 Bye\r\n');

const secure = createServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }, (socket) => {
  let inContent = false;
  socket.on('error', () => socket.destroy());
  socket.on('data', (octets) => {
    if (inContent) {
      if (octets.latin1Slice(octets.length - 3) !== '.\r\n') return;
      inContent = false;
      socket.write(OK);
    } else if (octets[0] === 0x45) socket.write(HELLO);
    else if (octets[0] === 0x51) socket.end(BYE);
    else if (octets[0] === 0x44) {
      inContent = true;
      socket.write(START);
    } else socket.write(OK);
  });
  if (TLS === 'implicit') socket.write(GREETING);
});
secure.on('tlsClientError', () => undefined);

const plain = createPlainServer((socket) => {
  const hear = (octets) => {
    if (octets[0] === 0x45) socket.write(PLAIN_HELLO);
    else if (octets[0] === 0x51) socket.end(BYE);
    else {
      socket.off('data', hear);
      socket.write(READY);
      secure.emit('connection', socket);
    }
  };
  socket.on('error', () => socket.destroy());
  socket.on('data', hear);
  socket.write(GREETING);
});

const server = TLS === 'implicit' ? secure : plain;
server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
