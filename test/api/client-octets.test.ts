// The requests of four public clients of the mail API, as their sources build them, octet by octet over a socket; and
// the result that each of them takes from the answer.
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ApiHarness, TOKEN } from './api-harness.js';

/** A message, as the user of a client describes it. */
interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly replyTo?: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly listUnsubscribe?: string;
  readonly tags?: readonly string[];
  readonly attachments?: readonly Attachment[];
}

interface Attachment {
  readonly name: string;
  readonly octets: string;
  readonly type: string;
  readonly cid?: string;
}

interface Client {
  readonly name: string;
  /** The request line and the fields, in the order in which the client writes them, and the body. */
  readonly request: (
    mail: Mail,
    token: string,
  ) => { readonly head: readonly string[]; readonly body: string };
  /** The result that the client gives to its user. */
  readonly result: (status: number, body: string, mail: Mail) => string;
}

/** Writes `\u` and four digits for the characters that match. */
function escaped(json: string, characters: RegExp, upper = false): string {
  return json.replace(characters, (character) => {
    const digits = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${upper ? digits.toUpperCase() : digits}`;
  });
}

/** Breaks base64 into lines. */
function lines(base64: string, length: number, end: string): string {
  return base64.replace(new RegExp(`.{1,${length}}`, 'g'), (line) => line + end);
}

const base64 = (octets: string): string => Buffer.from(octets, 'latin1').toString('base64');

/** JSON as Python writes it: ASCII, with a space after each comma and colon. */
function python(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${python(name)}: ${python(member)}`).join(', ')}}`;
  }
  return escaped(JSON.stringify(value), /[\u007f-\uffff]/g);
}

/** mailpace-rails 0.4.0: HTTParty on Net::HTTP, JSON by ActiveSupport. */
const RAILS: Client = {
  name: 'mailpace-rails',
  request: (mail, token) => {
    const body = {
      from: mail.from,
      to: mail.to.join(','),
      subject: mail.subject,
      htmlbody: mail.html,
      textbody: mail.text,
      cc: mail.cc?.join(','),
      bcc: mail.bcc?.join(','),
      replyto: mail.replyTo,
      list_unsubscribe: mail.listUnsubscribe,
      attachments: mail.attachments?.map(({ name, type, octets, cid }) => ({
        name,
        content_type: type,
        content: lines(base64(octets), 60, '\n'),
        ...(cid === undefined ? {} : { cid: `<${cid}>` }),
      })),
      // A header field of the mail: a list is there as its text.
      tags: mail.tags === undefined ? undefined : `[${mail.tags.map((tag) => `'${tag}'`).join(', ')}]`,
    };
    return {
      head: [
        'POST /api/v1/send HTTP/1.1',
        'User-Agent: MailPace Rails Gem v0.4.0',
        'Accept: application/json',
        'Content-Type: application/json',
        `Mailpace-Server-Token: ${token}`,
        'Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3',
        'Connection: close',
        'Host: HOST',
        'Content-Length: LENGTH',
      ],
      body: escaped(
        JSON.stringify(body, (_, value: unknown) => (value === '' ? undefined : value)),
        /[<>&]/g,
      ),
    };
  },
  result: (status, body) => {
    const parsed = JSON.parse(body) as { id?: number; error?: string; errors?: object };
    if (status === 200) return `returns ${typeof parsed.id}`;
    return `raises ${parsed.error ?? JSON.stringify(parsed.errors)}`;
  },
};

/** Symfony's MailPaceApiTransport: the component HttpClient on curl, JSON by PHP with its flags for HTML. */
const SYMFONY: Client = {
  name: "Symfony's mailer",
  request: (mail, token) => {
    const body = {
      from: mail.from,
      to: mail.to.join(','),
      cc: (mail.cc ?? []).join(','),
      bcc: (mail.bcc ?? []).join(','),
      replyto: mail.replyTo ?? '',
      subject: mail.subject,
      textbody: mail.text,
      htmlbody: mail.html,
      attachments: (mail.attachments ?? []).map(({ name, octets, type, cid }) => ({
        name,
        content: lines(base64(octets), 76, '\r\n').trimEnd(),
        content_type: type,
        ...(cid === undefined ? {} : { cid: `cid:${name}` }),
      })),
      tags: mail.tags ?? [],
      // Every field of the message that the transport has no parameter for.
      Headers: [
        { Name: 'Date', Value: 'Sun, 29 Nov 2026 08:00:00 +0000' },
        { Name: 'Message-ID', Value: '<made-by-the-app@example.com>' },
        { Name: 'X-Priority', Value: '1 (Highest)' },
        { Name: 'X-Folded', Value: `=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?Q?_aus?=` },
        ...(mail.listUnsubscribe === undefined
          ? []
          : [{ Name: 'List-Unsubscribe', Value: mail.listUnsubscribe }]),
      ],
    };
    const json = JSON.stringify(body).replaceAll('\\"', '\\u0022').replaceAll('/', '\\/');
    return {
      head: [
        // A host that is given in the DSN replaces the path, too.
        'POST /send HTTP/1.1',
        'Host: HOST',
        'Accept: application/json',
        `MailPace-Server-Token: ${token}`,
        'Content-Type: application/json',
        'User-Agent: MailPace Symfony Mailer',
        'Accept-Encoding: gzip',
        'Content-Length: LENGTH',
      ],
      body: escaped(escaped(json, /[<>&']/g, true), /[\u0080-\uffff]/g),
    };
  },
  result: (status, body) => {
    const parsed = JSON.parse(body) as { id?: number; error?: string; errors?: Record<string, string[]> };
    if (status === 200) return `keeps ${typeof parsed.id}`;
    const words =
      parsed.error ??
      Object.entries(parsed.errors ?? {})
        .map(([field, problems]) => `${field}: ${problems.join(' & ')}`)
        .join('; ');
    return `throws ${words === '' ? 'unknown error' : words} (code ${status})`;
  },
};

/** django-anymail's MailPace backend: requests, JSON by Python. */
const ANYMAIL: Client = {
  name: 'django-anymail',
  request: (mail, token) => ({
    head: [
      // An API URL that is set without its slash gets one.
      'POST /api/v1/send/ HTTP/1.1',
      'Host: HOST',
      'User-Agent: django-anymail/12.0-mailpace python-requests/2.32.3',
      'Accept-Encoding: gzip, deflate',
      'Accept: application/json',
      'Connection: keep-alive',
      'Content-Type: application/json',
      `MailPace-Server-Token: ${token}`,
      'Content-Length: LENGTH',
    ],
    body: python({
      from: mail.from,
      to: mail.to.join(', '),
      cc: mail.cc?.join(', '),
      bcc: mail.bcc?.join(', '),
      subject: mail.subject,
      replyto: mail.replyTo,
      list_unsubscribe: mail.listUnsubscribe,
      textbody: mail.text,
      htmlbody: mail.html,
      attachments: mail.attachments?.map(({ name, octets, type, cid }) => ({
        name,
        content: base64(octets),
        content_type: type,
        ...(cid === undefined ? {} : { cid: `cid:${cid}` }),
      })),
      tags: mail.tags?.length === 1 ? mail.tags[0] : mail.tags,
    }),
  }),
  result: (status, body) => {
    const parsed = JSON.parse(body) as {
      id?: number;
      status?: string;
      errors?: Record<string, string[]>;
    };
    if (status !== 200 && status !== 400) return `raises ${status}`;
    if (status === 200) {
      if (parsed.id === undefined || parsed.status === undefined) return 'raises Invalid response format';
      return parsed.status === 'queued' ? 'queued' : 'unknown';
    }
    if (parsed.errors === undefined) return 'raises 400';
    // It matches texts, in the order of its fields; the last one wins.
    let state = 'unknown';
    for (const text of ['to', 'cc', 'bcc'].flatMap((field) => parsed.errors?.[field] ?? [])) {
      if (text.includes('undefined field') || text.includes('is invalid')) state = 'invalid';
      else if (text.includes('contains a blocked address')) state = 'rejected';
      else if (text.includes('number of email addresses exceeds maximum volume')) state = 'invalid';
    }
    return state;
  },
};

/** gomailpace: net/http, JSON by encoding/json. */
const GO: Client = {
  name: 'gomailpace',
  request: (mail, token) => ({
    head: [
      'POST /api/v1/send HTTP/1.1',
      'Host: HOST',
      'User-Agent: Go-http-client/1.1',
      'Content-Length: LENGTH',
      'Accept: application/json',
      'Content-Type: application/json',
      `Mailpace-Server-Token: ${token}`,
      'Accept-Encoding: gzip',
    ],
    body: escaped(
      JSON.stringify({
        from: mail.from,
        to: mail.to.join(','),
        htmlbody: mail.html,
        textbody: mail.text,
        cc: mail.cc?.join(','),
        bcc: mail.bcc?.join(','),
        subject: mail.subject,
        replyto: mail.replyTo,
        list_unsubscribe: mail.listUnsubscribe,
        attachments: mail.attachments?.map(({ name, octets, type, cid }) => ({
          name,
          content: base64(octets),
          content_type: type,
          ...(cid === undefined ? {} : { cid }),
        })),
        tags: mail.tags,
      }),
      /[<>&]/g,
    ),
  }),
  result: (status) => (status === 200 ? 'returns nil' : `failed to send email. Status code: ${status}`),
};

const CLIENTS = [RAILS, SYMFONY, ANYMAIL, GO];

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends a request in pieces of so many octets, and reads its answer to the end. */
async function exchange(
  harness: ApiHarness,
  { head, body }: ReturnType<Client['request']>,
  piece: number,
): Promise<Answer> {
  const { host, hostname, port } = new URL(await harness.listen());
  const fields = head.map((line) =>
    line.replace('LENGTH', String(Buffer.byteLength(body))).replace('HOST', host),
  );
  const octets = Buffer.from(`${fields.join('\r\n')}\r\n\r\n${body}`);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let text = '';
  const complete = new Promise<void>((resolve, reject) => {
    socket.on('data', (data: Buffer) => {
      text += data.toString();
      const end = text.indexOf('\r\n\r\n');
      const [, length] = /^content-length: (\d+)\r$/im.exec(text) ?? [];
      if (end >= 0 && Buffer.byteLength(text.slice(end + 4)) >= Number(length)) resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
  for (let at = 0; at < octets.length; at += piece) {
    socket.write(octets.subarray(at, at + piece));
    if (piece < octets.length) await new Promise((resolve) => setImmediate(resolve));
  }
  await complete;
  socket.destroy();
  expect(text).toMatch(/^content-type: application\/json(;|\r)/im);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]),
    body: text.slice(text.indexOf('\r\n\r\n') + 4),
  };
}

const FULL: Mail = {
  from: 'Ärger & Söhne <app@example.com>',
  to: ['Anna <anna@example.net>', 'bert@example.net'],
  cc: ['carla@example.net'],
  bcc: ['dora@example.net'],
  replyTo: 'Help <help@example.org>',
  subject: 'Grüße <3 & "mehr"',
  html: '<p>It\'s <b>here</b> & now: <img src="cid:logo.png"></p>',
  text: 'It is here.\n',
  listUnsubscribe: '<https://example.com/u?a=1&b=2>, <mailto:u@example.com>',
  tags: ['welcome', 'first time'],
  attachments: [
    { name: 'notes.txt', octets: 'one\r\ntwo\n'.repeat(20), type: 'text/plain' },
    { name: 'logo.png', octets: '\x89PNG\r\n\x1a\n\0\0', type: 'image/png', cid: 'logo.png' },
  ],
};

const SHORT: Mail = {
  from: 'app@example.com',
  to: ['anna@example.net'],
  subject: 'Hello',
  html: '<p>Hello</p>',
  text: 'Hello',
};

describe.each(CLIENTS)('$name', ({ name, request, result }) => {
  it.each([['whole', Infinity] as const, ['octet by octet', 1] as const])(
    'sends a message with all that it can say, %s',
    async (_, piece) => {
      const harness = await ApiHarness.start();
      const { status, body } = await exchange(harness, request(FULL, TOKEN), piece);
      expect([status, JSON.parse(body)]).toEqual([200, { id: expect.any(Number), status: 'pending' }]);
      const [message] = await harness.store.messages({ limit: 2 });
      if (message === undefined) throw new Error('nothing was stored');
      expect(message.id).toBe((JSON.parse(body) as { id: number }).id);
      expect(await harness.message(message.id)).toMatchObject({
        from: 'app@example.com',
        to: ['anna@example.net', 'bert@example.net', 'carla@example.net', 'dora@example.net'],
        subject: 'Grüße <3 & "mehr"',
        tags: ['welcome', 'first time'],
        listUnsubscribe: '<https://example.com/u?a=1&b=2>, <mailto:u@example.com>',
      });
      const raw = await harness.raw(message.id);
      expect(raw).toContain('\r\nReply-To: Help <help@example.org>\r\n');
      expect(raw).toContain('\r\nContent-ID: <logo.png>\r\n');
      expect(raw).not.toMatch(/^Bcc:|dora@example\.net/im);
      for (const { octets } of FULL.attachments ?? []) {
        expect(raw.replaceAll('\r\n', '')).toContain(base64(octets));
      }
    },
  );

  it('takes the success for one', async () => {
    const harness = await ApiHarness.start();
    const { status, body } = await exchange(harness, request(SHORT, TOKEN), Infinity);
    const expected: Record<string, string> = {
      'mailpace-rails': 'returns number',
      "Symfony's mailer": 'keeps number',
      // It shows the status as unknown unless it is `queued`, and the reference says `pending`.
      'django-anymail': 'unknown',
      gomailpace: 'returns nil',
    };
    expect(result(status, body, SHORT)).toBe(expected[name]);
  });
});

/** Errors, and what each client makes of them, in the order of the clients. */
const ERRORS: [title: string, change: Partial<Mail>, token: string, status: number, results: string[]][] = [
  [
    'an unknown token',
    {},
    'wrong',
    400,
    [
      'raises Invalid API Token',
      'throws Invalid API Token (code 400)',
      'raises 400',
      'failed to send email. Status code: 400',
    ],
  ],
  [
    'an empty token',
    {},
    '',
    401,
    [
      'raises Missing API Token',
      'throws Missing API Token (code 401)',
      'raises 401',
      'failed to send email. Status code: 401',
    ],
  ],
  [
    'a sender that is no address',
    { from: 'nonsense' },
    TOKEN,
    400,
    [
      'raises Email from address not parseable',
      'throws Email from address not parseable (code 400)',
      'raises 400',
      'failed to send email. Status code: 400',
    ],
  ],
  [
    'a sender of another domain',
    { from: 'a@other.example' },
    TOKEN,
    403,
    [
      'raises Verified domain does not match domain in From address of email',
      'throws Verified domain does not match domain in From address of email (code 403)',
      'raises 403',
      'failed to send email. Status code: 403',
    ],
  ],
  [
    'no recipient',
    { to: [] },
    TOKEN,
    400,
    [
      'raises {"to":["undefined field"]}',
      'throws to: undefined field (code 400)',
      'invalid',
      'failed to send email. Status code: 400',
    ],
  ],
  [
    'a recipient that is no address',
    { to: ['nonsense'] },
    TOKEN,
    400,
    [
      'raises {"to":["is invalid"]}',
      'throws to: is invalid (code 400)',
      'invalid',
      'failed to send email. Status code: 400',
    ],
  ],
  [
    'a blocked recipient',
    { cc: ['blocked@example.net'] },
    TOKEN,
    400,
    [
      'raises {"cc":["contains a blocked address"]}',
      'throws cc: contains a blocked address (code 400)',
      'rejected',
      'failed to send email. Status code: 400',
    ],
  ],
  [
    'too many recipients',
    { bcc: Array.from({ length: 51 }, (_, number) => `a${number}@example.net`) },
    TOKEN,
    400,
    [
      'raises {"bcc":["number of email addresses exceeds maximum volume"]}',
      'throws bcc: number of email addresses exceeds maximum volume (code 400)',
      'invalid',
      'failed to send email. Status code: 400',
    ],
  ],
  [
    'a file that is not allowed',
    { attachments: [{ name: 'run.exe', octets: 'MZ', type: 'application/octet-stream' }] },
    TOKEN,
    400,
    [
      'raises {"attachments.name":["Extension file type blocked, allowed are txt, pdf, png"]}',
      'throws attachments.name: Extension file type blocked, allowed are txt, pdf, png (code 400)',
      // It looks at the fields of recipients alone.
      'unknown',
      'failed to send email. Status code: 400',
    ],
  ],
];

describe('the clients', () => {
  it.each(ERRORS)('read the answer to %s', async (_, change, token, expected, results) => {
    const harness = await ApiHarness.start();
    await harness.store.blockList.put({
      domain: 'example.com',
      address: 'blocked@example.net',
      verdict: 'blocked',
      reason: 'it bounced',
      since: Date.now(),
    });
    const mail = { ...SHORT, ...change };
    for (const [index, { name, request, result }] of CLIENTS.entries()) {
      const { status, body } = await exchange(harness, request(mail, token), Infinity);
      expect([name, status, result(status, body, mail)]).toEqual([name, expected, results[index]]);
    }
    expect(await harness.count()).toBe(0);
  });

  async function results(harness: ApiHarness): Promise<string[]> {
    const found = [];
    for (const { request, result } of CLIENTS) {
      const { status, body } = await exchange(harness, request(SHORT, TOKEN), Infinity);
      found.push(result(status, body, SHORT));
    }
    return found;
  }

  it('read the answer to a domain that sends too quickly', async () => {
    const harness = await ApiHarness.start({}, { rates: { messagesPerMinute: 1 } });
    await harness.send({ from: SHORT.from, to: 'anna@example.net', textbody: 'x' });
    expect(await results(harness)).toEqual([
      'raises You are sending emails too quickly',
      'throws You are sending emails too quickly (code 429)',
      'raises 429',
      'failed to send email. Status code: 429',
    ]);
  });

  it('read the answer of a server whose store has failed', async () => {
    const harness = await ApiHarness.start();
    await harness.store.close();
    const [rails, symfony, anymail, go] = await results(harness);
    expect(rails).toMatch(/^raises The server (is stopping|cannot store anything now)/);
    expect(symfony).toMatch(/^throws The server (is stopping|cannot store anything now).* \(code 503\)$/);
    expect([anymail, go]).toEqual(['raises 503', 'failed to send email. Status code: 503']);
  });
});
