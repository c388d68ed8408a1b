// A program as users of npm's smtp-server write it: every hook and every option. `program.test.ts` runs it as it stands,
// and with another import; what it prints must be the same.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { SMTPServer } from 'smtp-server';

const files = JSON.parse(process.argv[2]);
const pem = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, readFileSync(file)]));
const lines = [];
/** What comes when connections have ended, while their clients go on. */
const late = [];
const print = (...values) => lines.push(values.join(' '));
const json = (value) =>
  JSON.stringify(value, (_, one) => (one instanceof Map ? Object.fromEntries([...one].sort()) : one));
const refusal = (message, responseCode) => Object.assign(new Error(message), { responseCode });
const base64 = (text) => Buffer.from(text).toString('base64');
const PLAIN = `AUTH PLAIN ${base64('\0user\0secret')}`;
const MAIL = 'MAIL FROM:<a@example.com>';
const RCPT = 'RCPT TO:<b@example.net>';
const TO_DATA = ['EHLO client.example', MAIL, RCPT, 'DATA'];
const OPEN = { disabledCommands: ['AUTH'], disableReverseLookup: true, name: 'mx.example' };

// ---- a client

class Client {
  #received = '';
  #over = false;
  #wake = () => undefined;

  constructor(socket) {
    this.socket = socket;
    this.#listen();
  }

  static async connect(port, { tls, before } = {}) {
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    if (before !== undefined) socket.write(before);
    const client = new Client(socket);
    if (tls !== undefined) await client.secure(tls);
    return client;
  }

  #listen() {
    this.socket.on('data', (octets) => {
      this.#received += octets;
      this.#wake();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  async secure(options = {}) {
    this.socket.removeAllListeners();
    this.socket = connectTls({ socket: this.socket, rejectUnauthorized: false, ...options });
    await new Promise((resolve) => this.socket.once('secureConnect', resolve).once('error', resolve));
    this.#listen();
    const certificate = this.socket.getPeerCertificate();
    print('   TLS with', certificate.subject?.CN ?? 'nothing');
  }

  /** Prints the next reply, or that the connection is closed. */
  async reply() {
    for (;;) {
      const reply = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(this.#received)?.[0];
      if (reply !== undefined) {
        this.#received = this.#received.slice(reply.length);
        for (const line of reply.trimEnd().split('\r\n'))
          print('<', line.replace(/^334 P.*/, '334 (challenge)'));
        return reply.trimEnd();
      }
      if (this.#over) {
        print('   closed');
        return null;
      }
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  async say(...commands) {
    let reply = null;
    for (const command of commands) {
      print('>', command);
      this.socket.write(`${command}\r\n`);
      reply = await this.reply();
    }
    return reply;
  }
}

/** Runs a server with these options, and a dialogue with it. */
async function serve(title, options, dialogue, connection = {}) {
  print(`== ${title}`);
  const server = options instanceof SMTPServer ? options : new SMTPServer(options);
  server.on('error', (error) => print('event error', error instanceof Error));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address();
  const client = connection === null ? null : await Client.connect(port, connection);
  if (client !== null) await client.reply();
  await dialogue(client, server, port);
  if (client !== null && !client.socket.destroyed) {
    await client.say('QUIT');
    client.socket.destroy();
  }
  await new Promise((resolve) => server.close(resolve));
  print('open connections:', server.connections.size);
}

function about(session) {
  const { id, localAddress, localPort, remotePort, tlsOptions, error: _, ...rest } = session;
  return json({
    ...Object.fromEntries(Object.entries(rest).sort()),
    envelope: Object.fromEntries(Object.entries(session.envelope).sort()),
    strings: [typeof id, typeof localAddress],
    ports: [localPort > 0, remotePort > 0],
    cipher: tlsOptions && Object.keys(tlsOptions).sort(),
  });
}

/** Hooks that print what they get. */
const hooks = {
  onConnect(session, callback) {
    print('onConnect', about(session));
    setImmediate(callback);
  },
  onSecure(socket, session, callback) {
    print('onSecure', socket.encrypted, session.servername, session.secure);
    callback();
  },
  onAuth(auth, session, callback) {
    const { challenge, challengeResponse, validatePassword, ...rest } = auth;
    print(
      'onAuth',
      json(Object.fromEntries(Object.entries(rest).sort())),
      typeof challenge,
      typeof challengeResponse,
    );
    if (auth.username === 'down') return callback(refusal('No database', 454));
    if (auth.username === 'broken') throw new Error('a bug');
    if (auth.method === 'XOAUTH2' && auth.accessToken !== 'token')
      return callback(null, { data: { status: '401' } });
    const knows = auth.method === 'CRAM-MD5' ? validatePassword('secret') : auth.password === 'secret';
    if (knows || auth.method === 'XCLIENT' || auth.accessToken === 'token')
      return callback(null, { user: { name: auth.username } });
    return callback(null, { message: 'Who are you?', responseCode: 535 });
  },
  onMailFrom(address, session, callback) {
    print('onMailFrom', json(address), about(session));
    if (address.address.startsWith('deny')) return callback(new Error('Not from you'));
    if (address.address.startsWith('later')) return callback(refusal('Come back', 451));
    if (address.address.startsWith('broken')) throw new Error('a bug');
    return setTimeout(callback, 5);
  },
  onRcptTo(address, session, callback) {
    print('onRcptTo', json(address), json(session.envelope.rcptTo));
    callback(address.address.startsWith('deny') ? refusal('No such user', 553) : null);
  },
  onData(stream, session, callback) {
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (piece) => (text += piece));
    stream.on('end', () => {
      print('onData', json(text.slice(0, 60)), stream.byteLength, stream.sizeExceeded, session.transaction);
      print(
        '  for',
        session.envelope.mailFrom.address,
        session.envelope.rcptTo.map((one) => one.address),
      );
      if (stream.sizeExceeded) return callback(refusal('Too much', 552));
      if (text.includes('deny')) return callback(new Error('Not this'));
      return callback(null, text.includes('word') ? 'Kept as 17' : undefined);
    });
  },
  onClose(session, callback) {
    late.push(`onClose ${session.transaction} ${typeof callback} ${session.envelope.rcptTo.length}`);
  },
};

// ---- what a server does

await serve('hooks', { ...OPEN, ...hooks }, async (client, server) => {
  print('open connections:', server.connections.size, [...server.connections][0].remoteAddress);
  await client.say(
    'NOOP',
    'HELP',
    'VRFY someone',
    'FOO',
    MAIL,
    'EHLO Client.Example',
    'RCPT TO:<bad',
    RCPT,
    'DATA',
  );
  await client.say(
    'MAIL FROM:<deny@example.com>',
    'MAIL FROM:<later@example.com>',
    'MAIL FROM:<broken@example.com>',
  );
  await client.say(
    'MAIL FROM:<root>',
    'MAIL FROM:nobody',
    `${MAIL} BODY=8BITMIME SMTPUTF8 X-OWN=a+20b`,
    MAIL,
    'DATA',
  );
  await client.say(
    RCPT,
    'RCPT TO:<deny@example.net>',
    'RCPT TO:<B@example.net>',
    'RCPT TO:<postmaster>',
    'RCPT TO:<>',
  );
  await client.say('DATA', 'Subject: a word\r\n\r\n..dot\r\n.', MAIL, RCPT, 'DATA', 'deny\r\n.');
  await client.say('MAIL FROM:<>', 'RSET', RCPT, 'HELO again', MAIL, RCPT, 'DATA', '.', MAIL, RCPT);
});

await serve('sizes', { ...OPEN, ...hooks, size: 20, onConnect: undefined }, (client) =>
  client.say(
    'EHLO x',
    `${MAIL} SIZE=21`,
    `${MAIL} SIZE=x`,
    `${MAIL} SIZE=20`,
    RCPT,
    'DATA',
    `${'x'.repeat(40)}\r\n.`,
  ),
);
await serve('hidden sizes', { ...OPEN, size: 20, hideSize: true, rejectOversized: true }, (client) =>
  client.say('EHLO x', `${MAIL} SIZE=21`, RCPT, 'DATA', `${'x'.repeat(40)}\r\n.`, 'NOOP'),
);

await serve('words', { ...OPEN, banner: 'at your service', heloResponse: '%s greets %s' }, (client) =>
  client.say('EHLO x', 'HELO x', 'EHLO', 'EHLO a b', 'HELO'),
);
const hide = { hidePIPELINING: true, hide8BITMIME: true, hideSMTPUTF8: true, hideSTARTTLS: true };
await serve('few extensions', { ...OPEN, ...hide }, async (client) => {
  await client.say('EHLO x', 'STARTTLS');
  await client.secure();
  await client.say('EHLO x');
});
const show = { hideENHANCEDSTATUSCODES: false, hideDSN: false, hideREQUIRETLS: false };
await serve('more extensions', { ...OPEN, ...hooks, ...show, onConnect: undefined }, async (client) => {
  await client.say(
    'EHLO x',
    `${MAIL} RET=HDRS ENVID=e+2B1`,
    `RCPT TO:<b@x.example> NOTIFY=never ORCPT=rfc822;c@x.example`,
  );
  await client.say(
    'RCPT TO:<c@x.example> NOTIFY=NEVER,DELAY',
    'RCPT TO:<deny@x.example>',
    'RSET',
    `${MAIL} RET=ALL`,
  );
  await client.say(`${MAIL} REQUIRETLS`, 'FOO', 'STARTTLS');
  await client.secure();
  await client.say('EHLO x', `${MAIL} REQUIRETLS`);
});

await serve('REQUIRETLS that is hidden', { ...OPEN, ...hooks, onConnect: undefined }, async (client) => {
  await client.say('EHLO x', `${MAIL} REQUIRETLS`, 'STARTTLS');
  await client.secure();
  await client.say('EHLO x', `${MAIL} REQUIRETLS=1`, `${MAIL} REQUIRETLS`);
});
const zeros = {
  maxClients: 0,
  maxRecipients: 0,
  maxCommandLength: 0,
  socketTimeout: 0,
  size: 0,
  heloResponse: '',
};
await serve('options that are 0 or empty', { ...OPEN, ...zeros, logger: {} }, (client) =>
  client.say('EHLO x', MAIL, RCPT, 'RCPT TO:<c@example.net>', 'DATA', 'Hello\r\n.'),
);

// ---- who it is

const sign = { ...OPEN, ...hooks, disabledCommands: [], onConnect: undefined, allowInsecureAuth: true };
const authMethods = ['PLAIN', 'LOGIN', 'XOAUTH2', 'CRAM-MD5'];
await serve('AUTH', { ...sign, authMethods, authRequiredMessage: 'Sign in, please' }, async (client) => {
  await client.say(
    'EHLO x',
    MAIL,
    RCPT,
    'DATA',
    'AUTH',
    'AUTH NTLM',
    `AUTH PLAIN ${base64('\0user\0wrong')}`,
  );
  await client.say(
    `AUTH PLAIN ${base64('\0down\0secret')}`,
    'AUTH PLAIN',
    '*',
    'AUTH PLAIN AAAA',
    PLAIN,
    PLAIN,
    'EHLO x',
    MAIL,
  );
});
await serve('AUTH LOGIN', { ...sign, authMethods, authOptional: true }, (client) =>
  client.say('EHLO x', MAIL, 'RSET', 'AUTH LOGIN', base64('user'), base64('secret'), MAIL),
);
const token = (value) => `AUTH XOAUTH2 ${base64(`user=user\x01auth=Bearer ${value}\x01\x01`)}`;
await serve('AUTH XOAUTH2', { ...sign, authMethods }, (client) =>
  client.say('EHLO x', token('old'), '', token('token'), MAIL),
);
await serve('AUTH CRAM-MD5', { ...sign, authMethods }, async (client) => {
  const challenge = Buffer.from((await client.say('EHLO x', 'AUTH CRAM-MD5')).slice(4), 'base64');
  const digest = createHmac('md5', 'secret').update(challenge).digest('hex');
  print('> (the digest)');
  client.socket.write(`${base64(`user ${digest}`)}\r\n`);
  await client.reply();
});
await serve('AUTH and TLS', { ...sign, allowInsecureAuth: false, authMethods }, async (client) => {
  await client.say('EHLO x', PLAIN, 'STARTTLS');
  await client.secure({ servername: 'other.example' });
  await client.say(MAIL, 'EHLO x', PLAIN, MAIL, 'STARTTLS');
});
await serve(
  'AUTH if STARTTLS is hidden',
  { ...sign, allowInsecureAuth: false, hideSTARTTLS: true },
  (client) => client.say('EHLO x', PLAIN, MAIL),
);
await serve('many commands without AUTH', { ...sign, maxAllowedUnauthenticatedCommands: 3 }, (client) =>
  client.say('NOOP', 'EHLO x', 'NOOP', 'NOOP'),
);
await serve('many commands that there are not', OPEN, (client) => client.say(...Array(10).fill('ZOOP')));
await serve('no onAuth', { name: 'mx.example', disabledCommands: ['STARTTLS'] }, (client) =>
  client.say('EHLO x', PLAIN),
);

class Gate extends SMTPServer {
  onRcptTo(address, session, callback) {
    print('a method', address.address);
    callback(refusal('Closed', 550));
  }
}
await serve('a subclass', new Gate(OPEN), (client) => client.say('EHLO x', MAIL, RCPT));
await serve(
  'sessions',
  { ...OPEN, onConnect: (session, callback) => ((session.disabledCommands = ['vrfy', 'auth']), callback()) },
  async (client, server) => {
    await client.say('VRFY x', 'EHLO x', 'HELP');
    server.options.disabledCommands.push('HELP');
    await client.say('HELP');
  },
);
await serve(
  'a client that is not wanted',
  { ...OPEN, onConnect: (_, callback) => callback(refusal('Not you', 421)) },
  (client) => client.reply(),
);

// ---- TLS

const { cert, key, ca } = pem;
const secure = { ...OPEN, ...hooks, secure: true, cert, key, minVersion: 'TLSv1.2' };
const sniOptions = { 'other.example': { cert: pem.clientCert, key: pem.clientKey } };
await serve('TLS at once', { ...secure, sniOptions }, (client) => client.say('EHLO x', MAIL, 'STARTTLS'), {
  tls: { servername: 'other.example' },
});
const SNICallback = (name, callback) => callback(null, createSecureContext(sniOptions['other.example']));
await serve(
  'SNICallback',
  { ...secure, needsUpgrade: true, onSecure: undefined, SNICallback },
  (client) => client.say('EHLO x'),
  {
    tls: { servername: 'x.example' },
  },
);
await serve('TLS in front', { ...secure, secured: true }, (client) => client.say('EHLO x', MAIL, 'STARTTLS'));
const asks = { ...secure, ca, requestCert: true, rejectUnauthorized: false };
await serve(
  'client certificates',
  {
    ...asks,
    onSecure: (socket, _, callback) => (
      print(socket.authorized, socket.getPeerCertificate().subject.CN),
      callback()
    ),
  },
  (client) => client.say('EHLO x'),
  { tls: { cert: pem.clientCert, key: pem.clientKey } },
);
await serve(
  'new certificates',
  secure,
  async (_, server, port) => {
    server.updateSecureContext({ cert: pem.clientCert, key: pem.clientKey });
    const other = await Client.connect(port, { tls: {} });
    await other.reply();
    await other.say('QUIT');
  },
  { tls: {} },
);

// ---- other ways in, and limits

const names = {
  resolver: {
    reverse: (address, callback) => callback(null, [`host-${address}.example`.replaceAll('.', '-')]),
  },
  disableReverseLookup: false,
};
await serve('names', { ...OPEN, ...names, onConnect: hooks.onConnect }, (client) => client.say('EHLO x'));
await serve(
  'PROXY',
  { ...OPEN, useProxy: true, onConnect: hooks.onConnect },
  (client) => client.say('EHLO x'),
  { before: 'PROXY TCP4 192.0.2.7 192.0.2.1 4444 25\r\n' },
);
await serve(
  'XCLIENT and XFORWARD',
  { ...sign, useXClient: true, useXForward: ['127.0.0.1'] },
  async (client, server) => {
    server.on('connect', ({ remoteAddress, clientHostname }) =>
      print('event connect', remoteAddress, clientHostname),
    );
    await client.say(
      'EHLO x',
      'XFORWARD NAME=a.example ADDR=192.0.2.9 HELO=b',
      'XFORWARD ADDR=here',
      PLAIN,
      MAIL,
      'XCLIENT NAME=x',
      'RSET',
    );
    await client.say(
      'XCLIENT ADDR=192.0.2.8 NAME=c.example LOGIN=user',
      'EHLO y',
      MAIL,
      'XCLIENT ADDR=192.0.2.6',
    );
  },
);
await serve('no relays', { ...OPEN, useXClient: ['192.0.2.1'] }, (client) =>
  client.say('EHLO x', 'XCLIENT NAME=x', 'XFORWARD NAME=x'),
);
await serve(
  'LMTP',
  {
    ...OPEN,
    ...hooks,
    lmtp: true,
    onData: (stream, _, callback) => (
      stream.resume(),
      stream.on('end', () => callback(null, ['first', refusal('second', 550)]))
    ),
  },
  async (client) => {
    await client.say('EHLO x', MAIL, 'LHLO x', MAIL, RCPT, 'RCPT TO:<c@example.net>', 'DATA', 'text\r\n.');
    await client.reply();
  },
);
await serve(
  'limits',
  { ...OPEN, maxRecipients: 1, maxCommandLength: 600, maxClients: 1 },
  async (client, server, port) => {
    await client.say('EHLO x', MAIL, RCPT, RCPT, 'RCPT TO:<c@example.net>');
    await (await Client.connect(port)).reply();
    await client.say(`NOOP ${'x'.repeat(700)}`);
  },
);
await serve('silence', { ...OPEN, socketTimeout: 1000 }, (client) => client.reply());
await serve(
  'odd addresses',
  { ...OPEN, lenientAddressParsing: true, onMailFrom: hooks.onMailFrom },
  (client) => client.say('EHLO x', 'MAIL FROM:<a..b@-x->'),
);
let logged = 0;
const log = () => void logged++;
const logger = { trace: log, debug: log, info: log, warn: log, error: log, fatal: log };
await serve('logs', { ...OPEN, logger, component: 'mine' }, (client) => client.say(...TO_DATA, 'text\r\n.'));
print('logged', logged > 5);
logged = 0;
await serve('no logs of a health check', { ...OPEN, logger, ignoredHosts: ['127.0.0.1'] }, (client) =>
  client.say('NOOP'),
);
await serve('the end', { ...OPEN, closeTimeout: 100, logger: false }, async (client, server) => {
  await client.say('EHLO x');
  server.on('close', () => print('event close'));
  const closed = new Promise((resolve) => server.close(resolve));
  await client.reply();
  await client.reply();
  await closed;
});
// A connection may outlive the callback of `close` by a moment.
const most = 17;
while (late.length < most) await new Promise((resolve) => setTimeout(resolve, 20));
print(late.sort().join('\n'));
console.log(lines.join('\n'));
