// The yardstick: a bare server on node:net that writes canned replies and parses nothing, the most that Node
// can give. It looks at how a chunk of octets begins and ends, no further, so it understands only clients that
// write a command, a group of commands or a content at once. Of content it waits for the end: CRLF.CRLF.
//
//   node bench/null-server.mjs [port]
//
// Prints `null server ready 127.0.0.1:PORT`. BDAT is counted by its announced size, with the octets of the
// envelope before it. SIGTERM ends it.
import { createServer } from 'node:net';

const GREETING = Buffer.from('220 null ESMTP\r\n');
const HELLO = Buffer.from('250-null\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 SIZE 0\r\n');
const OK = Buffer.from('250 2.0.0 Ok\r\n');
const START = Buffer.from('354 go on\r\n');
const BYE = Buffer.from('221 2.0.0 Bye\r\n');
const LF = 0x0a;

/** Replies to an envelope in one group, by how many commands it has. */
const groups = new Map();
function group(commands, last) {
  const key = `${commands} ${last.length}`;
  let replies = groups.get(key);
  if (replies === undefined) {
    replies = Buffer.concat([...Array.from({ length: commands - 1 }, () => OK), last]);
    groups.set(key, replies);
  }
  return replies;
}

function lines(octets, from) {
  let count = 0;
  for (let at = octets.indexOf(LF, from); at >= 0; at = octets.indexOf(LF, at + 1)) count++;
  return count;
}

const endsContent = (octets) => octets.length >= 3 && octets.latin1Slice(octets.length - 3) === '.\r\n';
const endsEnvelope = (octets) => octets.length >= 6 && octets.latin1Slice(octets.length - 6) === 'DATA\r\n';

function serve(socket) {
  let inContent = false;
  let chunkLeft = 0;
  socket.on('error', () => socket.destroy());
  socket.on('data', (octets) => {
    if (chunkLeft > 0) {
      chunkLeft -= octets.length;
      if (chunkLeft <= 0) socket.write(OK);
      return;
    }
    if (inContent) {
      if (endsContent(octets)) {
        inContent = false;
        socket.write(OK);
      } else if (endsEnvelope(octets)) {
        // The next envelope came behind it.
        const from = octets.lastIndexOf('\r\n.\r\nMAIL');
        socket.write(Buffer.concat([OK, group(lines(octets, from + 5), START)]));
      }
      return;
    }
    switch (octets[0]) {
      case 0x45: // EHLO
        socket.write(HELLO);
        return;
      case 0x51: // QUIT
        socket.end(BYE);
        return;
      case 0x44: // DATA
        inContent = true;
        socket.write(START);
        return;
    }
    if (endsEnvelope(octets)) {
      inContent = true;
      socket.write(group(lines(octets, 0), START));
      return;
    }
    const bdat = octets.indexOf('BDAT ');
    if (bdat < 0) {
      socket.write(OK);
      return;
    }
    const end = octets.indexOf(LF, bdat) + 1;
    chunkLeft = parseInt(octets.latin1Slice(bdat + 5, end), 10) - (octets.length - end);
    const commands = lines(octets.subarray(0, end), 0);
    if (chunkLeft <= 0) socket.write(group(commands, OK));
    else if (commands > 1) socket.write(group(commands - 1, OK));
  });
  socket.write(GREETING);
}

const server = createServer({ noDelay: true }, serve);
server.listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0), backlog: 1024 }, () => {
  console.log(`null server ready 127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => process.exit(0));
