// A process beside the gateway: the other tenant, and the remote servers that mail, events and requests go to.
import { once } from 'node:events';
import { Agent, createServer as createHttp, request } from 'node:http';
import { createServer } from 'node:net';
import { shapeOf, stuffed } from '../../test/shapes/messages.mjs';
import { BODIES } from './bodies.mjs';
import { SmtpClient } from './probe.mjs';

const BLANK = Buffer.from('\r\n'.repeat(32 * 1024));
const SLOW = 9_000;

/** The row that runs now. */
let row = null;
const sockets = new Set();

/** Writes the same octets until the connection is closed. */
function flood(socket, octets) {
  const more = () => {
    while (!socket.destroyed && socket.write(octets));
  };
  socket.on('drain', more);
  more();
}

/** Does what the row has the remote server do at this point. Returns false if it answers as usual. */
function misbehave(socket, at, answer) {
  const remote = row?.remote;
  if (remote?.at !== at) return false;
  switch (remote.what) {
    case 'blank-endless':
      answer();
      flood(socket, BLANK);
      break;
    case 'blank-mib':
      answer();
      socket.write('\r\n'.repeat(512 * 1024));
      break;
    case 'replies':
      flood(socket, Buffer.from('250-and another thing\r\n'.repeat(2000)));
      break;
    case 'line':
      socket.write('250-');
      flood(socket, Buffer.alloc(64 * 1024, 'a'));
      break;
    case 'slow':
      setTimeout(answer, SLOW).unref();
      break;
    case 'reset':
      socket.resetAndDestroy();
      break;
    case 'silence':
  }
  return true;
}

/** A remote SMTP server that takes everything, unless the row says otherwise. */
function smtp(hostile) {
  return (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let text = '';
    let tail = null;
    const at = (phase, reply) => {
      const answer = () => socket.write(reply);
      if (!hostile || !misbehave(socket, phase, answer)) answer();
    };
    at('connect', '220 remote.example\r\n');
    socket.on('data', (octets) => {
      if (tail !== null) {
        tail = Buffer.concat([tail, octets.subarray(-5)]).subarray(-5);
        if (!tail.equals(Buffer.from('\r\n.\r\n'))) return;
        tail = null;
        at('end', '250 2.0.0 Ok\r\n');
        return;
      }
      text += octets.toString('latin1');
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const verb = text.slice(0, 4).toUpperCase();
        text = text.slice(end + 2);
        if (verb === 'EHLO')
          at('hello', '250-remote.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n');
        else if (verb === 'MAIL') at('mail', '250 2.1.0 Ok\r\n');
        else if (verb === 'DATA') {
          at('data', '354 Go ahead\r\n');
          tail = Buffer.alloc(0);
          if (text !== '') socket.emit('data', Buffer.from(text, 'latin1'));
          text = '';
          return;
        } else if (verb === 'QUIT') socket.end('221 2.0.0 Bye\r\n');
        else socket.write('250 2.1.5 Ok\r\n');
      }
    });
  };
}

/** An HTTP server that reads each request, and answers as the row says. */
function http(what) {
  return createHttp((request, response) => {
    request.resume();
    response.on('error', () => undefined);
    const behaviour = row?.[what] ?? 'ok';
    if (behaviour === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    request.on('end', () => {
      const answer = () => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ id: 1, status: 'pending' }));
      };
      if (behaviour === 'slow') setTimeout(answer, SLOW).unref();
      else if (behaviour === 'endless') {
        response.writeHead(200, { 'content-type': 'application/json' });
        flood(response, Buffer.alloc(64 * 1024, ' '));
      } else if (behaviour === 'ok') answer();
    });
  });
}

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** Does what the other tenant does. Resolves when it has done all of it, or was refused. */
async function attack({ port, httpPort, token, sender }) {
  const { attack: what, tls } = row;
  const open = () => SmtpClient.open({ port, tls, token });
  const replies = [];
  switch (what.kind) {
    case 'none':
      break;
    case 'messages': {
      const shape = shapeOf(what.shape);
      const to = Array.from({ length: shape.recipients }, (_, number) => `you${number}@example.net`);
      const client = await open();
      for (let count = 0; count < what.count; count++) {
        const content = withSender(stuffed(shape.message(what.octets)), sender);
        replies.push(await client.send({ from: sender, to, content }));
        if (replies.at(-1) === '') break;
      }
      client.socket.destroy();
      break;
    }
    case 'flood': {
      const until = performance.now() + what.seconds * 1000;
      const content = [`From: <${sender}>\r\nSubject: honest\r\n\r\n${'Hello\r\n'.repeat(100)}.\r\n`];
      const one = async () => {
        const client = await open();
        while (performance.now() < until) {
          const reply = await client.send({ from: sender, to: ['you@example.net'], content });
          replies.push(reply);
          if (reply === '') break;
        }
        client.socket.destroy();
      };
      await Promise.all(Array.from({ length: what.connections }, one));
      break;
    }
    case 'bodies':
      replies.push(...(await postBodies(what, httpPort, token)));
      break;
    case 'headers': {
      const section = Buffer.from(`From: <${sender}>\r\n${'X-A: b\r\n'.repeat(what.octets / 8)}`);
      for (let count = 0; count < what.connections; count++) {
        const client = await open();
        sockets.add(client.socket);
        void client.send({ from: sender, to: ['you@example.net'], content: [section] });
      }
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  }
  const codes = {};
  for (const reply of replies) codes[reply.slice(0, 3)] = (codes[reply.slice(0, 3)] ?? 0) + 1;
  return codes;
}

/** Posts the same body over some connections until the time is over. Returns the statuses. */
async function postBodies({ body, octets, connections, seconds }, port, token) {
  const until = performance.now() + seconds * 1000;
  // A little less, so that no limit refuses it unread.
  const content = Buffer.from(BODIES[body](octets - 1024));
  const statuses = [];
  const one = async () => {
    const agent = new Agent({ keepAlive: true });
    const headers = { 'content-type': 'application/json', 'mailpace-server-token': token };
    while (performance.now() < until) {
      const options = { host: '127.0.0.1', port, method: 'POST', path: '/api/v1/send', agent, headers };
      const posted = request({ ...options, headers: { ...headers, 'content-length': content.length } });
      posted.end(content);
      const [response] = await once(posted, 'response');
      response.resume();
      await once(response, 'end');
      statuses.push(String(response.statusCode));
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: connections }, one));
  return statuses;
}

/** The shapes have an author of their own; the domain's has to be one of the domain. */
function* withSender(blocks, sender) {
  let first = true;
  for (const block of blocks) {
    yield first ? Buffer.from(block.toString('latin1').replace('app@example.com', sender), 'latin1') : block;
    first = false;
  }
}

process.on('message', async (message) => {
  if (message.do === 'open') {
    const [quiet, hostile] = [createServer(smtp(false)), createServer(smtp(true))];
    const [api, hook] = [http('api'), http('hook')];
    for (const server of [api, hook]) server.on('connection', (socket) => sockets.add(socket));
    const servers = { quiet, hostile, api, hook };
    const ports = {};
    for (const [name, server] of Object.entries(servers)) ports[name] = await listen(server);
    process.send({ ports });
  } else if (message.do === 'attack') {
    row = message.row;
    const codes = await attack(message).catch((error) => ({ [String(error.message)]: 1 }));
    process.send({ codes });
  } else if (message.do === 'end') {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    row = null;
    process.send({});
  }
});
process.on('disconnect', () => process.exit(0));
