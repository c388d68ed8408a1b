// A bare tls.Server with the canned replies of the null server: what a handshake costs where nothing else does.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';

const { PORT, CERT, KEY } = process.env;
const replies = (text) => Buffer.from(text);
const GREETING = replies('220 tls ESMTP\r\n');
const HELLO = replies('250-tls\r\n250-PIPELINING\r\n250 SIZE 0\r\n');
const OK = replies('250 2.0.0 Ok\r\n');
const START = replies('354 go on\r\n');
const BYE = replies('221 2.0.0 Bye\r\n');

const server = createServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }, (socket) => {
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
  socket.write(GREETING);
});
server.on('tlsClientError', () => undefined);
server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
