// Gives the messages and bodies that take most memory to the threads that take them apart, with half of the heap that
// these have by default. Prints a line for each. If the heap does not do, the line says so, or V8 ends this process.
import { Composer } from '../../../dist/api/compose/composer.js';
import { DEFAULT_API } from '../../../dist/api/limits.js';
import { DELIVERY } from '../../../dist/delivery/limits.js';
import { ContentWorkers } from '../../../dist/delivery/workers/workers.js';
import { MIME } from '../../../dist/message/mime/limits.js';

/** Longer than the limits of the server: a busy machine must not decide. */
const TIME = 120_000;

/** Repeats a text up to a number of octets. */
const upTo = (octets, text) => text.repeat(Math.floor(octets / Buffer.byteLength(text)));

const outcome = (work) =>
  work.then(
    () => 'done',
    (error) => `${error.message} ${error.cause?.message ?? ''}`.trim(),
  );

const TEXT = MIME.text.initial - 1000;
const typed = (type, text) =>
  `From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: ${type}; charset=utf-8\r\n` +
  `Content-Transfer-Encoding: 8bit\r\n\r\n${text}`;
/** One character beyond Latin-1 doubles the memory of a text. */
const MESSAGES = {
  tags: typed('text/html', `€\r\n${upTo(TEXT, '<a><b>&lt;\r\n')}`),
  entities: typed('text/html', `€\r\n${upTo(TEXT, '&lt;\r\n')}`),
  links: typed('text/plain', `€\r\n${upTo(TEXT, 'http://a.b/c\r\n')}`),
  controls: typed('text/plain', `€\r\n${upTo(TEXT, `${'\x01'.repeat(70)}\r\n`)}`),
};
const FACTS = {
  links: null,
  page: null,
  content: { shownText: 100_000 },
  request: { recipients: [{ position: 0, forwardPath: 'b@example.net' }], tags: [], most: 1e9 },
};
const workers = new ContentWorkers({ threads: 1, heap: DELIVERY.contentHeap.initial / 2, time: TIME });
for (const [job, names] of Object.entries({
  links: ['tags', 'entities', 'links'],
  page: ['controls'],
  content: ['tags', 'links'],
  request: ['tags', 'controls'],
})) {
  for (const name of names) {
    async function* content() {
      yield Buffer.from(MESSAGES[name]);
    }
    const work = workers.run(1, job, FACTS[job], content(), new AbortController().signal);
    console.log(`${job} of ${name}: ${await outcome(work)}`);
  }
}
workers.close();

/** A fifth of the largest body, and so of the heap. */
const SHARE = 5;
const BODY = DEFAULT_API.sendBody / SHARE - 200;
/** Repeats a text up to a number of octets of JSON, in which a line end has two. */
const escaped = (octets, text) => text.repeat(Math.floor(octets / (JSON.stringify(text).length - 2)));
const mail = (fields) => ({ from: 'a@example.com', to: 'b@example.net', subject: 's', ...fields });
const BODIES = {
  'line ends': mail({ textbody: `€${escaped(BODY, '\n')}` }),
  'short lines': mail({ textbody: `€${escaped(BODY, 'a\n')}` }),
  'lines of a space': mail({
    textbody: `€${escaped(BODY / 2, ' \n')}`,
    htmlbody: `€${escaped(BODY / 2, '= \n')}`,
  }),
  'one line': mail({ htmlbody: `€${upTo(BODY, '<b>')}` }),
  'a wrong attachment': mail({
    textbody: 'x',
    attachments: [{ name: 'a', content_type: 'text/plain', content: `€${escaped(BODY, 'QUJD\n')}` }],
  }),
};
const composer = new Composer({
  ...DEFAULT_API,
  composeHeap: DEFAULT_API.composeHeap / SHARE / 2,
  composeTime: TIME,
});
for (const [name, body] of Object.entries(BODIES)) {
  const octets = new Uint8Array(Buffer.from(JSON.stringify(body)));
  const request = { shape: 'mailpace', octets, domain: 'example.com', extensions: [], now: 0 };
  console.log(`body of ${name}: ${await outcome(composer.compose(request))}`);
}
await composer.close();
