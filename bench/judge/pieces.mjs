// A client that sends content in pieces, each a write of its own in a turn of its own, as networks and TLS deliver it.
//
//   node bench/judge/pieces.mjs PORT PIECE MILLISECONDS [tls]
//
// Keeps 20 connections busy with messages of 64 KiB, and prints how many were accepted.
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

const [port, piece, milliseconds, tls] = process.argv.slice(2);
const CONNECTIONS = 20;
const POSITIVE = '2'.charCodeAt(0);
const INTERMEDIATE = '3'.charCodeAt(0);

const line = `${'x'.repeat(76)}\r\n`;
const header = 'From: bench@example.com\r\nSubject: pieces\r\n\r\n';
const content = Buffer.from(`${header}${line.repeat(Math.ceil(65_536 / line.length))}.\r\n`);
const pieces = [];
for (let at = 0; at < content.length; at += Number(piece))
  pieces.push(content.subarray(at, at + Number(piece)));
const COMMANDS = ['MAIL FROM:<bench@example.com>\r\n', 'RCPT TO:<rcpt@example.net>\r\n', 'DATA\r\n'];

let accepted = 0;
const until = performance.now() + Number(milliseconds);

function fail(why) {
  console.error(why);
  process.exit(1);
}

function keepBusy() {
  const target = { port: Number(port), host: '127.0.0.1', noDelay: true };
  const socket = tls === undefined ? connect(target) : connectTls({ ...target, rejectUnauthorized: false });
  /** -2 before the greeting, -1 before the hello is answered, then the next command of {@link COMMANDS}. */
  let next = -2;
  const send = (at) => {
    socket.write(pieces[at]);
    if (at + 1 < pieces.length) setImmediate(send, at + 1);
  };
  socket.on('error', (error) => fail(error.message));
  socket.on('data', (reply) => {
    if (reply[0] === INTERMEDIATE) {
      send(0);
      return;
    }
    if (reply[0] !== POSITIVE) fail(reply.toString());
    next++;
    if (next === -1) {
      socket.write('EHLO client.example\r\n');
      return;
    }
    if (next === COMMANDS.length) {
      accepted++;
      next = 0;
      if (performance.now() > until) {
        socket.removeAllListeners('data').resume();
        socket.end('QUIT\r\n');
        return;
      }
    }
    socket.write(COMMANDS[next]);
  });
}

for (let n = 0; n < CONNECTIONS; n++) keepBusy();
process.on('exit', () => console.log(JSON.stringify({ accepted })));
