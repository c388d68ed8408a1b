// A null server as bare as can be: canned replies by the first octet of a command, one look at the last octets of content.
// It takes lock-step SMTP only. With REUSE=1 all its sockets read into one buffer, without a stream: Node has no public way
// to ask for that on the server's side, so it shows how much Node itself could give at best.
import { createServer, Socket } from 'node:net';

const { PORT, REUSE } = process.env;
const octets = (text) => Buffer.from(text);
const GREETING = octets('220 bare ESMTP\r\n');
const HELLO = octets('250-bare\r\n250 8BITMIME\r\n');
const OK = octets('250 2.0.0 Ok\r\n');
const START = octets('354 go on\r\n');
const BYE = octets('221 2.0.0 Bye\r\n');

/** Returns a function that answers what a socket has read. */
function dialogue(socket) {
  let inContent = false;
  return (read, length) => {
    if (inContent) {
      // The last line of content is a dot; what stands before it is not looked at.
      if (read[length - 1] !== 0x0a || (length > 2 && read[length - 3] !== 0x2e)) return;
      inContent = false;
      socket.write(OK);
      return;
    }
    switch (read[0]) {
      case 0x45: // EHLO
      case 0x48: // HELO
        socket.write(HELLO);
        return;
      case 0x44: // DATA
        inContent = true;
        socket.write(START);
        return;
      case 0x51: // QUIT
        socket.end(BYE);
        return;
      default:
        socket.write(OK);
    }
  };
}

function serve(socket) {
  const answer = dialogue(socket);
  socket.on('error', () => socket.destroy());
  socket.on('data', (read) => answer(read, read.length));
  socket.write(GREETING);
}

const BUFFER = Buffer.allocUnsafeSlow(65_536);

function serveReusing(accepted) {
  const handle = accepted._handle;
  accepted._handle = null;
  let answer = null;
  const callback = (length, buffer) => {
    answer(buffer, length);
    return true;
  };
  const socket = new Socket({ handle, onread: { buffer: BUFFER, callback } });
  answer = dialogue(socket);
  socket.on('error', () => socket.destroy());
  socket.setNoDelay(true);
  socket.resume();
  socket.write(GREETING);
}

const server = createServer(
  { noDelay: true, pauseOnConnect: REUSE === '1' },
  REUSE === '1' ? serveReusing : serve,
);
server.listen({ host: '127.0.0.1', port: Number(PORT), backlog: 1024 });
process.on('SIGTERM', () => process.exit(0));
