// One case for each route: the request of an owner, and the requests by which another domain could reach what the owner
// has. A route without a case fails the tests that walk this table.
import { type Ask, type Method, PASSWORD, type Tenant, type World } from './world.js';

/** A request of a route, without its method and credentials. */
export type Request = Pick<Ask, 'url' | 'body' | 'headers'>;

export interface Case {
  /** The request of the owner, which succeeds. */
  readonly own: (owner: Tenant, world: World) => Request;
  /** The status of its success. */
  readonly success: number;
  /**
   * Requests of another domain that name what belongs to the owner. Default: the owner's own request. Null: the route
   * has nothing of a domain.
   */
  readonly foreign?: ((owner: Tenant, stranger: Tenant) => readonly Request[]) | null;
  /** The status that another domain gets. Default: 404. 200: it gets what it has itself. */
  readonly refusal?: number;
  /** Requests of the owner for further statuses that this route documents, by status; what they need is done first. */
  readonly others?: Readonly<Record<number, (owner: Tenant, world: World) => Request | Promise<Request>>>;
}

const mail = ({ name }: Tenant, fields: object = {}): object => ({
  from: `app@${name}`,
  to: 'somewhere@example.net',
  subject: 'x',
  textbody: 'x',
  ...fields,
});
const resend = ({ name }: Tenant, fields: object = {}): object => ({
  from: `app@${name}`,
  to: 'somewhere@example.net',
  subject: 'x',
  text: 'x',
  ...fields,
});
const postmark = ({ name }: Tenant, fields: object = {}): object => ({
  From: `app@${name}`,
  To: 'somewhere@example.net',
  Subject: 'x',
  TextBody: 'x',
  ...fields,
});

const message = (id: number, rest = ''): string => `/api/v1/messages/${id}${rest}`;
const domain = ({ name }: Pick<Tenant, 'name'>, rest = ''): string => `/api/v1/domains/${name}${rest}`;
/** A name and a number that nothing has. */
const ABSENT = { name: 'absent.example' };
const NOTHING = 4711;

/** What selects all messages of a domain, in each of the ways. */
function selections(owner: Tenant): object[] {
  return [
    { ids: [owner.held, owner.waiting, owner.finished] },
    { filter: { domain: [owner.name] } },
    { filter: { tag: [owner.mark] } },
    { filter: { search: owner.mark } },
    { filter: {}, cursor: owner.cursor },
  ];
}

/** An operation on one message. */
function one(
  operation: string,
  which: (owner: Tenant) => number,
  success: number,
  inVain: (owner: Tenant) => number,
): Case {
  const url = (id: number): { url: string } => ({ url: message(id, `/${operation}`) });
  return {
    own: (owner) => url(which(owner)),
    success,
    foreign: (owner) => [owner.held, owner.waiting, owner.finished].map(url),
    others: { 404: () => url(NOTHING), 409: (owner) => url(inVain(owner)) },
  };
}

/** An operation on several messages: a stranger gets an answer in which nothing is done. */
function several(operation: string): Case {
  const url = `/api/v1/messages/${operation}`;
  return {
    own: (owner) => ({ url, body: { ids: [owner.held, owner.waiting, owner.finished] } }),
    success: 200,
    foreign: (owner) =>
      selections(owner)
        .filter((body) => !('cursor' in body))
        .map((body) => ({ url, body })),
    refusal: 200,
  };
}

/** A route that reads a message, or takes it apart. */
function read(rest: string, takesApart = true): Case {
  const url = (id: number): { url: string } => ({ url: message(id, rest) });
  return {
    own: (owner) => url(owner.held),
    success: 200,
    others: {
      404: () => url(NOTHING),
      ...(rest === '' ? {} : { 410: (owner: Tenant) => url(owner.removed) }),
      ...(takesApart
        ? { 422: async (_owner: Tenant, world: World) => url(await storeUnreadable(world)) }
        : {}),
    },
  };
}

/** Stores a message of the first domain whose text has no character set that is known here. */
async function storeUnreadable({ harness, own }: World): Promise<number> {
  const draft = harness.store.open();
  const head = `From: app@${own.name}\r\nContent-Type: text/html; charset=iso-2022-cn-ext\r\n\r\n`;
  await draft.write(Buffer.from(`${head}\u001b$)A`));
  await draft.commit({
    domainId: harness.domain.id,
    reversePath: `app@${own.name}`,
    recipients: [{ forwardPath: 'you@example.net' }],
    from: `app@${own.name}`,
    subject: null,
    tags: [],
    listUnsubscribe: null,
    messageId: null,
    receivedAt: Date.now(),
    tls: null,
    clientAddress: '127.0.0.1',
    status: 'held',
  });
  return draft.id;
}

/** A route below a domain. */
function below(rest: string | ((owner: Tenant) => string), success: number, body?: object): Case {
  const of = (owner: Tenant, path: Pick<Tenant, 'name'>) => ({
    url: domain(path, typeof rest === 'string' ? rest : rest(owner)),
    ...(body === undefined ? {} : { body }),
  });
  return { own: (owner) => of(owner, owner), success, others: { 404: (owner) => of(owner, ABSENT) } };
}

/** A request with an idempotency key that another request of the first domain has. */
async function held({ harness }: World, api: string, request: Request): Promise<Request> {
  const now = Date.now();
  await harness.store.idempotency.begin({
    domainId: harness.domain.id,
    key: `${api}:in use`,
    owner: 'another request',
    now,
    leaseUntil: now + 60_000,
  });
  return { ...request, headers: { 'idempotency-key': 'in use' } };
}

async function switchOff(owner: Tenant, world: World): Promise<void> {
  await world.ask({ method: 'PATCH', url: domain(owner, '/webhook'), body: { on: false } }, owner.byToken);
}

async function block(owner: Tenant, world: World, address: string): Promise<void> {
  const body = { entries: [{ address, verdict: 'blocked' }] };
  await world.ask({ method: 'POST', url: domain(owner, '/block-list'), body }, owner.byToken);
}

export const CASES: Readonly<Record<`${Method} ${string}`, Case>> = {
  'POST /api/v1/send': sending('/api/v1/send'),
  'POST /send': sending('/send'),
  'POST /compat/resend/emails': {
    own: (owner) => ({ url: '/compat/resend/emails', body: resend(owner) }),
    success: 200,
    refusal: 403,
    others: {
      409: (owner, world) => held(world, 'resend', { url: '/compat/resend/emails', body: resend(owner) }),
    },
  },
  'POST /compat/resend/emails/batch': {
    own: (owner) => ({ url: '/compat/resend/emails/batch', body: [resend(owner)] }),
    success: 200,
    foreign: (owner, stranger) => [
      { url: '/compat/resend/emails/batch', body: [resend(owner)] },
      { url: '/compat/resend/emails/batch', body: [resend(stranger), resend(owner)] },
    ],
    refusal: 403,
    others: {
      409: (owner, world) =>
        held(world, 'resend', { url: '/compat/resend/emails/batch', body: [resend(owner)] }),
    },
  },
  'GET /compat/resend/emails/:id': {
    own: (owner) => ({ url: `/compat/resend/emails/${owner.held}` }),
    success: 200,
    others: { 404: () => ({ url: `/compat/resend/emails/${NOTHING}` }) },
  },
  'POST /compat/postmark/email': {
    own: (owner) => ({ url: '/compat/postmark/email', body: postmark(owner) }),
    success: 200,
    refusal: 422,
  },
  'POST /compat/postmark/email/batch': {
    own: (owner) => ({ url: '/compat/postmark/email/batch', body: [postmark(owner)] }),
    success: 200,
    // Each message has a result of its own.
    refusal: 200,
  },

  'GET /api/v1/messages': {
    own: () => ({ url: '/api/v1/messages' }),
    success: 200,
    foreign: (owner) =>
      [
        '',
        `domain=${owner.name}`,
        `tag=${owner.mark}`,
        `search=${owner.mark}`,
        `subject=${owner.mark}`,
        `from=${owner.mark}`,
        `to=${owner.mark}`,
        'limit=200',
        `after=${owner.removed}`,
        `limit=1&cursor=${owner.cursor}`,
        `search=${owner.held}`,
        'wait=1ms',
      ].map((query) => ({ url: `/api/v1/messages?${query}` })),
    refusal: 200,
  },
  'GET /api/v1/messages/:id': read('', false),
  'GET /api/v1/messages/:id/raw': read('/raw', false),
  'GET /api/v1/messages/:id/parts/:part': {
    ...read('/parts/2'),
    foreign: (owner) => [0, 1, 2, 3, 4].map((part) => ({ url: message(owner.held, `/parts/${part}`) })),
  },
  'GET /api/v1/messages/:id/html': {
    ...read('/html'),
    foreign: (owner) =>
      ['', '?images=remote'].map((query) => ({ url: message(owner.held, `/html${query}`) })),
  },
  'GET /api/v1/messages/:id/links': read('/links'),
  'POST /api/v1/messages/:id/retry': one(
    'retry',
    ({ waiting }) => waiting,
    204,
    ({ held }) => held,
  ),
  'POST /api/v1/messages/:id/cancel': one(
    'cancel',
    ({ held }) => held,
    204,
    ({ finished }) => finished,
  ),
  'POST /api/v1/messages/:id/release': one(
    'release',
    ({ held }) => held,
    204,
    ({ waiting }) => waiting,
  ),
  'DELETE /api/v1/messages/:id': {
    own: (owner) => ({ url: message(owner.finished) }),
    success: 204,
    foreign: (owner) => [owner.held, owner.finished].map((id) => ({ url: message(id) })),
    others: {
      404: () => ({ url: message(NOTHING) }),
      409: (owner) => ({ url: message(owner.held) }),
    },
  },
  'POST /api/v1/messages/:id/resend': {
    own: (owner) => ({ url: message(owner.held, '/resend') }),
    success: 200,
    others: {
      404: () => ({ url: message(NOTHING, '/resend') }),
      410: (owner) => ({ url: message(owner.removed, '/resend') }),
      422: async (owner, world) => {
        await block(owner, world, `${owner.mark}@example.net`);
        return { url: message(owner.held, '/resend') };
      },
    },
  },
  'POST /api/v1/messages/retry': several('retry'),
  'POST /api/v1/messages/cancel': several('cancel'),
  'POST /api/v1/messages/release': several('release'),
  'POST /api/v1/messages/delete': several('delete'),
  'POST /api/v1/messages/resend': several('resend'),

  'GET /api/v1/tags': list('/api/v1/tags', (owner) => [
    `domain=${owner.name}`,
    `prefix=${owner.mark}`,
    'after=a',
  ]),
  'GET /api/v1/statistics': list('/api/v1/statistics', (owner) => [
    `domain=${owner.name}`,
    `tag=${owner.mark}`,
    `by=hour&since=1d&tag=${owner.mark}`,
  ]),
  'GET /api/v1/statistics/tags': list('/api/v1/statistics/tags', (owner) => [
    `domain=${owner.name}`,
    'after=a',
  ]),
  'GET /api/v1/queue': {
    own: () => ({ url: '/api/v1/queue' }),
    success: 200,
    foreign: (owner) => [{ url: `/api/v1/queue?domain=${owner.name}` }],
    others: { 404: () => ({ url: `/api/v1/queue?domain=${ABSENT.name}` }) },
  },
  'GET /api/v1/queue/progress': {
    own: () => ({ url: '/api/v1/queue/progress' }),
    success: 200,
    foreign: (owner) => [{ url: `/api/v1/queue/progress?domain=${owner.name}` }],
    others: { 404: () => ({ url: `/api/v1/queue/progress?domain=${ABSENT.name}` }) },
  },
  'GET /api/v1/events': {
    own: () => ({ url: '/api/v1/events' }),
    success: 200,
    // What a stream shows is tested over sockets: see scope.test.ts and ../events.test.ts.
    foreign: null,
  },

  'GET /api/v1/domains': list('/api/v1/domains', (owner) => [`contains=${owner.name}`, 'after=a']),
  'POST /api/v1/domains': {
    own: () => ({ url: '/api/v1/domains', body: { name: 'third.example' } }),
    success: 201,
    refusal: 403,
    others: { 409: (owner) => ({ url: '/api/v1/domains', body: { name: owner.name } }) },
  },
  'GET /api/v1/domains/:name': below('', 200),
  'DELETE /api/v1/domains/:name': { ...below('?waiting=cancel', 200), refusal: 403 },
  'PUT /api/v1/domains/:name/retention': {
    ...below('/retention', 200, { contentAge: 60_000, messageAge: null, contentOctets: null }),
    refusal: 403,
  },
  'POST /api/v1/domains/:name/token': below('/token', 201, {}),
  'GET /api/v1/domains/:name/dkim': below('/dkim', 200),
  'POST /api/v1/domains/:name/dkim': {
    ...below('/dkim', 201, { selector: 'new', algorithm: 'ed25519' }),
    others: {
      404: () => ({ url: domain(ABSENT, '/dkim'), body: {} }),
      409: (owner) => ({
        url: domain(owner, '/dkim'),
        body: { selector: owner.selector, algorithm: 'ed25519' },
      }),
    },
  },
  'PATCH /api/v1/domains/:name/dkim/:selector': below(({ selector }) => `/dkim/${selector}`, 204, {
    active: false,
  }),
  'DELETE /api/v1/domains/:name/dkim/:selector': below(({ selector }) => `/dkim/${selector}`, 204),
  'GET /api/v1/domains/:name/verify': below('/verify', 200),
  'GET /api/v1/domains/:name/block-list': below('/block-list', 200),
  'POST /api/v1/domains/:name/block-list': below('/block-list', 200, {
    entries: [{ address: 'new@example.net', verdict: 'allowed' }],
  }),
  'POST /api/v1/domains/:name/block-list/remove': {
    own: (owner) => ({ url: domain(owner, '/block-list/remove'), body: { addresses: [owner.blocked] } }),
    success: 200,
    others: {
      404: () => ({ url: domain(ABSENT, '/block-list/remove'), body: { addresses: ['a@example.net'] } }),
    },
  },
  'DELETE /api/v1/domains/:name/block-list/:address': {
    ...below(({ blocked }) => `/block-list/${blocked}`, 204),
    // The same address on the list of the stranger is not there either.
    foreign: (owner, stranger) =>
      [owner, stranger].map((path) => ({ url: domain(path, `/block-list/${owner.blocked}`) })),
  },
  'GET /api/v1/domains/:name/webhook': below('/webhook', 200),
  'PUT /api/v1/domains/:name/webhook': below('/webhook', 200, { url: 'https://elsewhere.example.org/' }),
  'PATCH /api/v1/domains/:name/webhook': below('/webhook', 200, { on: false }),
  'DELETE /api/v1/domains/:name/webhook': below('/webhook', 204),
  'GET /api/v1/domains/:name/webhook/calls': {
    ...below('/webhook/calls', 200),
    foreign: (owner) => [{ url: domain(owner, '/webhook/calls') }],
  },
  'POST /api/v1/domains/:name/webhook/calls/:call/redeliver': {
    own: (owner) => ({ url: domain(owner, `/webhook/calls/${owner.call}/redeliver`) }),
    success: 202,
    // A call of the owner is not found below the stranger's own domain.
    foreign: (owner, stranger) =>
      [owner, stranger].map((path) => ({ url: domain(path, `/webhook/calls/${owner.call}/redeliver`) })),
    others: {
      404: (owner) => ({ url: domain(owner, `/webhook/calls/${NOTHING}/redeliver`) }),
      409: async (owner, world) => {
        await switchOff(owner, world);
        return { url: domain(owner, `/webhook/calls/${owner.call}/redeliver`) };
      },
    },
  },
  'POST /api/v1/domains/:name/webhook/test': {
    own: (owner) => ({ url: domain(owner, '/webhook/test'), body: { message: owner.held } }),
    success: 202,
    foreign: (owner, stranger) =>
      [owner, stranger].map((path) => ({
        url: domain(path, '/webhook/test'),
        body: { message: owner.held },
      })),
    others: {
      404: (owner) => ({ url: domain(owner, '/webhook/test'), body: { message: NOTHING } }),
      409: async (owner, world) => {
        await switchOff(owner, world);
        return { url: domain(owner, '/webhook/test'), body: {} };
      },
    },
  },

  'POST /api/v1/session': {
    own: (owner) => ({ url: '/api/v1/session', body: { token: owner.token } }),
    success: 200,
    foreign: null,
    others: { 401: () => ({ url: '/api/v1/session', body: { token: 'wrong' } }) },
  },
  'GET /api/v1/session': list('/api/v1/session', () => []),
  'DELETE /api/v1/session': { own: () => ({ url: '/api/v1/session' }), success: 204, foreign: null },
  'GET /api/v1/sessions': list('/api/v1/sessions', () => []),
  'DELETE /api/v1/sessions/:id': {
    own: (owner) => ({ url: `/api/v1/sessions/${owner.session}` }),
    success: 204,
    others: { 404: () => ({ url: `/api/v1/sessions/${'x'.repeat(43)}` }) },
  },
  'GET /api/v1/server': { own: () => ({ url: '/api/v1/server' }), success: 200, foreign: null },
  'GET /api/v1/server/state': { own: () => ({ url: '/api/v1/server/state' }), success: 200, refusal: 403 },
  'GET /api/v1/nodes': { own: () => ({ url: '/api/v1/nodes' }), success: 200, refusal: 403 },
  'PUT /api/v1/password': {
    own: () => ({ url: '/api/v1/password', body: { current: PASSWORD, password: PASSWORD } }),
    success: 204,
    refusal: 403,
  },
  'GET /healthz': { own: () => ({ url: '/healthz' }), success: 200, foreign: null },
  'GET /readyz': { own: () => ({ url: '/readyz' }), success: 200, foreign: null },
  'GET /metrics': { own: () => ({ url: '/metrics' }), success: 200, foreign: null },
  'GET /api/openapi.json': { own: () => ({ url: '/api/openapi.json' }), success: 200, foreign: null },
};

/** A list without an id in its path: a stranger gets what it has itself, whatever it asks for. */
function list(url: string, queries: (owner: Tenant) => readonly string[]): Case {
  return {
    own: () => ({ url }),
    success: 200,
    foreign: (owner) => ['', ...queries(owner)].map((query) => ({ url: `${url}?${query}` })),
    refusal: 200,
  };
}

function sending(url: string): Case {
  return {
    own: (owner) => ({ url, body: mail(owner) }),
    success: 200,
    foreign: (owner) => [
      { url, body: mail(owner) },
      { url, body: mail(owner), headers: { 'idempotency-key': 'a key' } },
    ],
    refusal: 403,
    others: { 409: (owner, world) => held(world, 'mail', { url, body: mail(owner) }) },
  };
}
