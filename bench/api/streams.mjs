// Opens event streams and reads them until its standard input ends: node streams.mjs PORT COUNT TOKEN...
// Writes a line when all are open; when it ends, how many octets came after that, and on how many streams.
import { request } from 'node:http';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';

setPriority(constants.priority.PRIORITY_LOW);
const [port, count, ...tokens] = process.argv.slice(2);
let octets = 0;
let isOpen = false;
const seen = new Set();

async function open(number) {
  const stream = request({
    ...{ host: '127.0.0.1', port, path: '/api/v1/events', agent: false },
    headers: { 'MailPace-Server-Token': tokens[number % tokens.length] },
  }).end();
  const [response] = await once(stream, 'response');
  if (response.statusCode !== 200) throw new Error(`stream ${number}: ${response.statusCode}`);
  response.on('data', (piece) => {
    if (!isOpen) return;
    octets += piece.length;
    seen.add(number);
  });
  await once(response, 'data');
}

await Promise.all(Array.from({ length: Number(count) }, (_, number) => open(number)));
isOpen = true;
console.log('open');
process.stdin.resume();
await once(process.stdin, 'end');
console.log(JSON.stringify({ octets, streams: seen.size }));
process.exit(0);
