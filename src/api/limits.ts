import { defaultsOf, type Limit } from '../base/limit.js';

const MIB = 1024 * 1024;

/** The limits of the HTTP API. */
export const API = {
  connections: {
    about: 'Connections of the HTTP API at one time; further ones are closed.',
    initial: 1000,
    unit: 'count',
    source: 'a tenth of what SMTP may have: a client of HTTP uses one connection for many requests',
  },
  headerSection: {
    about: 'Octets of the header section of a request; a longer one gets 431.',
    initial: 16 * 1024,
    unit: 'octets',
    source: "Node's own default",
  },
  headerTime: {
    about: 'Time for the header section of a request; a slower one gets 408.',
    initial: 15_000,
    unit: 'ms',
    source: 'one round trip is enough; against clients that hold connections with an octet now and then',
  },
  requestTime: {
    about: 'Time for a whole request; a slower one gets 408.',
    initial: 300_000,
    unit: 'ms',
    source: '50 MiB at 1.4 Mbit/s',
  },
  idleTime: {
    about: 'Time that a connection waits for its next request.',
    initial: 72_000,
    unit: 'ms',
    source: 'longer than the 60 s of common load balancers',
  },
  body: {
    about: 'Octets of the body of a request; a larger one gets 413.',
    initial: 256 * 1024,
    unit: 'octets',
    source: 'a bulk change of ten thousand ids',
  },
  sendBody: {
    about: 'Octets of the body of a request that sends mail; a larger one gets 413.',
    initial: 50 * MIB,
    unit: 'octets',
    source: "the mail API's own limit",
  },
  bodiesInFlight: {
    about: 'Octets of all bodies that are in memory; a request beyond it gets 503.',
    initial: 128 * MIB,
    unit: 'octets',
    source: 'two of the largest, and room for small ones',
  },
  inlineBody: {
    about: 'Octets of a body that is taken apart on the event loop; a larger one goes to a worker thread.',
    initial: 16 * 1024,
    unit: 'octets',
    source: 'about half a millisecond of work for a text, two or three for the worst shape',
  },
  inlineValues: {
    about:
      'Values of a body that is taken apart on the event loop, each list and object counted as one less than its members; ' +
      'one with more goes to a worker thread.',
    initial: 64,
    unit: 'count',
    source: 'a message with ten attachments; a hundred empty ones take two to four milliseconds',
  },
  composeQueue: {
    about: 'Bodies that wait for the worker thread; a request beyond it gets 503.',
    initial: 64,
    unit: 'count',
    source: 'bodiesInFlight bounds their octets',
  },
  composeTime: {
    about: 'Time that the worker thread may take for one body; then the request is refused with 503.',
    initial: 20_000,
    unit: 'ms',
    source: 'twenty times what the largest body takes',
  },
  composeHeap: {
    about: 'Heap of the worker thread.',
    initial: 768 * MIB,
    unit: 'octets',
    source: 'a body of 50 MiB as text, taken apart, and as a message',
  },
  subjectLength: {
    about: 'Characters of a subject.',
    initial: 1024 * 1024,
    unit: 'count',
    source: 'four times the largest header section by default; a subject of 50 MiB took 780 MiB of memory',
  },
  recipientsPerField: {
    about: 'Addresses in each of to, cc and bcc.',
    initial: 50,
    unit: 'count',
    source: "the mail API's own limit",
  },
  attachments: {
    about: 'Attachments of one message that is sent by the API.',
    initial: 100,
    unit: 'count',
    source: 'far more than mail programs show',
  },
  batch: {
    about: 'Messages of one batch.',
    initial: 100,
    unit: 'count',
    source: "Resend's own limit",
  },
  idempotency: {
    about: 'How long the response to a request with an Idempotency-Key is kept.',
    initial: 24 * 3_600_000,
    unit: 'ms',
    source: "the mail API's own time",
  },
  idempotencyLease: {
    about:
      'How long a request keeps its Idempotency-Key if the server dies during it and does not start again.',
    initial: 60_000,
    unit: 'ms',
    source: 'renewed while the request is under way',
  },
  requests: {
    about:
      'Requests a minute of one domain or session, or of one address before sign-in; further ones get 429.',
    initial: 6000,
    unit: '1/min',
    source: 'a hundred a second',
  },
  signIns: {
    about: 'Attempts to sign in a minute from one address; further ones get 429.',
    initial: 20,
    unit: '1/min',
    source: 'a person who mistypes, a few times over',
  },
  passwordChecks: {
    about: 'Passwords that are checked at one time; each takes 32 MiB and a tenth of a second.',
    initial: 2,
    unit: 'count',
    source: 'half of the threads that Node has for such work',
  },
  waits: {
    about:
      'Requests that wait for new messages (wait=5s) at one time, and event streams; each has so many. One domain has a quarter.',
    initial: 400,
    unit: 'count',
    source: 'test suites that run in parallel, of a whole company',
  },
  eventWindow: {
    about:
      'Changes of messages are gathered for so long before event streams get them; with more than 100 streams, for longer ' +
      'in proportion.',
    initial: 100,
    unit: 'ms',
    source: 'people see no delay, and a thousand messages a second are ten events',
  },
  eventChanges: {
    about: 'Changes that one event lists; of more it only says that there were some.',
    initial: 500,
    unit: 'count',
    source: 'about 40 KiB; a page that shows so many reads its list again in any case',
  },
  eventHistory: {
    about: 'Changes that are remembered for event streams that are opened again.',
    initial: 5000,
    unit: 'count',
    source: 'half a mebibyte',
  },
  eventBacklog: {
    about: 'Octets that an event stream may have waiting for its client; a slower one is closed.',
    initial: 64 * 1024,
    unit: 'octets',
    source: 'one and a half of the largest events, beyond what the system buffers',
  },
  eventHeartbeat: {
    about: 'Time between two signs of life of an event stream.',
    initial: 15_000,
    unit: 'ms',
    source: 'WHATWG HTML 9.2.7',
  },
  eventCheck: {
    about:
      'How often the credentials of event streams are checked; a change in this process ends them at once.',
    initial: 5_000,
    unit: 'ms',
    source: 'a token that another process revoked shows nothing for longer',
  },
  waitTime: {
    about: 'Longest time that a request may wait for new messages.',
    initial: 60_000,
    unit: 'ms',
    source: 'what load balancers allow an answer to take',
  },
  listTime: {
    about: 'Time for one page of a list or one bulk change; what is not done then is for the next request.',
    initial: 2_000,
    unit: 'ms',
    source: 'a person waits so long',
  },
  stallTime: {
    about: 'How long mail may wait with nothing delivered since it came in, before that counts as a stall.',
    initial: 180_000,
    unit: 'ms',
    source: 'beyond the first retry after a minute, so that one try that fails is none',
  },
  search: {
    about: 'Characters of a search.',
    initial: 1000,
    unit: 'count',
    source: 'twenty conditions of fifty characters',
  },
  shownRecipients: {
    about: 'Recipients of a message that a list shows; the message itself shows all.',
    initial: 20,
    unit: 'count',
    source: 'more than one line has room for',
  },
  shownText: {
    about: 'Characters of the text, and of the HTML, of a message that are shown; /raw has all.',
    initial: 1_000_000,
    unit: 'count',
    source: 'a thousand pages of a book',
  },
  readings: {
    about:
      'Messages that are taken apart for the API at one time; one domain has a quarter. A request beyond it gets 503.',
    initial: 64,
    unit: 'count',
    source: 'some browsers that show messages with inline images',
  },
  domainWork: {
    about:
      'Checks of DNS records, and DKIM keys in the making, for the API at one time; one domain has a quarter. A request beyond it gets 503.',
    initial: 16,
    unit: 'count',
    source: 'each takes up to 20 s, or a tenth of a second of a processor',
  },
  dkimKeys: {
    about: 'DKIM keys of one domain; a request for more gets 409.',
    initial: 10,
    unit: 'count',
    source: 'two that sign, and room for some changes of keys',
  },
  answerTime: {
    about: 'Time that a client may take to read the content of a message.',
    initial: 300_000,
    unit: 'ms',
    source: '50 MiB at 1.4 Mbit/s',
  },
  session: {
    about: 'How long a session lasts after its last use.',
    initial: 12 * 3_600_000,
    unit: 'ms',
    source: 'a working day',
  },
} as const satisfies Readonly<Record<string, Limit>>;

export type ApiLimits = { readonly [Name in keyof typeof API]: number };

export const DEFAULT_API: ApiLimits = defaultsOf(API);
