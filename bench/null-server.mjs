// The yardstick: a bare server on node:net that writes canned replies and parses nothing, the most that Node
// can give. Of commands it looks at the first octet and at how a chunk of octets ends, of content at its end
// alone: CRLF.CRLF, however it is cut. Only where commands came in a group it looks for more behind the content.
//
//   node bench/null-server.mjs [port]
//
// Prints `null server ready 127.0.0.1:PORT`. BDAT is counted by its announced size. SIGTERM ends it.
import { createServer } from 'node:net';

const GREETING = Buffer.from('220 null ESMTP\r\n');
const HELLO = Buffer.from('250-null\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 SIZE 0\r\n');
const OK = Buffer.from('250 2.0.0 Ok\r\n');
const START = Buffer.from('354 go on\r\n');
const BYE = Buffer.from('221 2.0.0 Bye\r\n');
const END = '\r\n.\r\n';
const END_OCTETS = Buffer.from(END);
const LF = 0x0a;

/** Replies to a group of commands, by how many there are. */
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

function lines(octets) {
  let count = 0;
  for (let at = octets.indexOf(LF); at >= 0; at = octets.indexOf(LF, at + 1)) count++;
  return count;
}

/** One connection. */
class Client {
  /** Commands whose end has not come. */
  held = null;
  /** Octets of a BDAT chunk that have not come. */
  chunkLeft = 0;
  inContent = false;
  /** Commands came in a group, so some may stand behind content. */
  grouped = false;
  /** The last octets of the content so far, four at the most. It begins behind a line end. */
  tail = '';
  /** QUIT came. */
  over = false;
  /** Octets that the last step has used. */
  used = 0;

  constructor(socket) {
    this.socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('data', (octets) => this.take(octets));
    socket.write(GREETING);
  }

  take(octets) {
    if (this.held !== null) {
      octets = Buffer.concat([this.held, octets]);
      this.held = null;
    }
    const reply = this.step(octets);
    if (this.used === octets.length) {
      if (reply !== null) this.say(reply);
      return;
    }
    const replies = reply === null ? [] : [reply];
    while (this.used < octets.length) {
      octets = octets.subarray(this.used);
      const next = this.step(octets);
      if (next !== null) replies.push(next);
    }
    if (replies.length > 0) this.say(Buffer.concat(replies));
  }

  say(replies) {
    if (this.over) this.socket.end(replies);
    else this.socket.write(replies);
  }

  /** The reply to what the octets begin with, or null. */
  step(octets) {
    if (this.chunkLeft > 0) {
      this.used = Math.min(this.chunkLeft, octets.length);
      this.chunkLeft -= this.used;
      return this.chunkLeft === 0 ? OK : null;
    }
    if (!this.inContent) return this.commands(octets);
    const end = this.endOfContent(octets);
    this.used = end < 0 ? octets.length : end;
    if (end < 0) return null;
    this.inContent = false;
    return OK;
  }

  /** How many of the octets are content, its end included; -1 where it has not come. */
  endOfContent(octets) {
    const { length } = octets;
    const last = octets.latin1Slice(Math.max(0, length - END.length));
    if (last === END || (length < END.length && (this.tail + last).endsWith(END))) return length;
    if (this.grouped) {
      const end = octets.lastIndexOf(END_OCTETS);
      if (end >= 0) return end + END.length;
      const seam = (this.tail + octets.latin1Slice(0, Math.min(length, END.length - 1))).indexOf(END);
      if (seam >= 0) return seam + END.length - this.tail.length;
    }
    this.tail = (this.tail + last).slice(1 - END.length);
    return -1;
  }

  commands(octets) {
    const { length } = octets;
    this.used = length;
    const lf = octets.indexOf(LF);
    if (lf === length - 1) return this.command(octets);
    const bdat = octets.indexOf('BDAT ');
    const end = bdat < 0 ? -1 : octets.indexOf(LF, bdat);
    if (end >= 0) {
      // Content may follow, of any octets.
      this.used = end + 1;
      this.chunkLeft = sizeOf(octets.subarray(bdat));
      const before = lines(octets.subarray(0, bdat)) + (this.chunkLeft === 0 ? 1 : 0);
      return before === 0 ? null : group(before, OK);
    }
    if (octets[length - 1] !== LF) {
      this.held = octets;
      return null;
    }
    this.grouped = true;
    if (octets.latin1Slice(length - 6) === 'DATA\r\n') return group(lines(octets), this.data());
    return group(lines(octets), OK);
  }

  /** The reply to a command that came alone. */
  command(octets) {
    switch (octets[0]) {
      case 0x45: // EHLO
        return HELLO;
      case 0x44: // DATA
        return this.data();
      case 0x42: // BDAT
        this.chunkLeft = sizeOf(octets);
        return this.chunkLeft === 0 ? OK : null;
      case 0x51: // QUIT
        this.over = true;
        return BYE;
      default:
        return OK;
    }
  }

  data() {
    this.inContent = true;
    this.tail = '\r\n';
    return START;
  }
}

/** Of `BDAT 1024 LAST`. */
function sizeOf(octets) {
  return parseInt(octets.latin1Slice('BDAT '.length, octets.indexOf(LF)), 10);
}

const server = createServer({ noDelay: true }, (socket) => void new Client(socket));
server.listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0), backlog: 1024 }, () => {
  console.log(`null server ready 127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => process.exit(0));
