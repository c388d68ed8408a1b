// Sends messages of 1 KB by POST /api/v1/send over kept connections, each with the token of a domain of its own:
//
//   node http-load.mjs PORT MILLISECONDS TOKEN...
//
// The octets of a request are made once, and of a response its status line and length are all that is read, so that the
// generator takes little. Writes {"sent", "milliseconds"}.
import { connect } from 'node:net';
import { once } from 'node:events';

const [port, milliseconds, ...tokens] = process.argv.slice(2);

function requestOf(number, token) {
  const body = JSON.stringify({
    from: `app@d${number}.example.com`,
    to: 'someone@example.net',
    subject: 'x',
    textbody: '0123456789abcdef'.repeat(60),
  });
  return Buffer.from(
    `POST /api/v1/send HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nMailPace-Server-Token: ${token}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const began = performance.now();
const end = began + Number(milliseconds);
let sent = 0;

async function send(number, token) {
  const request = requestOf(number, token);
  const socket = connect({ port: Number(port), host: '127.0.0.1' }).setNoDelay(true);
  await once(socket, 'connect');
  let text = '';
  await new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
    socket.on('data', (octets) => {
      text += octets.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(text);
      if (!text.startsWith('HTTP/1.1 200') || length === null) {
        reject(new Error(text.slice(0, 500)));
        return;
      }
      if (text.length < head + 4 + Number(length[1])) return;
      text = '';
      sent++;
      if (performance.now() < end) socket.write(request);
      else resolve();
    });
    socket.write(request);
  });
  socket.removeAllListeners('close');
  socket.destroy();
}

await Promise.all(tokens.map((token, number) => send(number, token)));
console.log(JSON.stringify({ sent, milliseconds: performance.now() - began }));
