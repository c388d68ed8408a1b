// Every status that the OpenAPI document promises for a route is seen, and no other one. A status that is added to a
// route without a request that gets it fails here.
import type {} from '@fastify/swagger';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/api/metrics/metrics.js';
import { Scrape } from '../../../src/api/metrics/scrape.js';
import { type Case, CASES, type Request } from './cases.js';
import { type Credentials, inject, type Method, World } from './world.js';

const METRICS = new Metrics('0.0.0');
/** Octets of a body, and requests a minute: so few that a test can go beyond them. */
const LIMITS = { body: 4000, sendBody: 4000, requests: 60 };
/** More than any body may have. */
const LARGE = 'x'.repeat(5000);

interface Operation {
  readonly route: string;
  readonly method: Method;
  readonly each: Case;
  readonly access: string;
}

class Statuses {
  readonly #problems: string[];
  private constructor(
    readonly world: World,
    readonly operation: Operation,
    problems: string[],
  ) {
    this.#problems = problems;
  }

  static async make(route: string, each: Case): Promise<Statuses> {
    const problems: string[] = [];
    const world = await World.make({
      metrics: { metrics: METRICS, scrape: new Scrape(METRICS) },
      limits: LIMITS,
      problems: async () => problems,
    });
    const [method] = route.split(' ') as [Method];
    const row = world.harness.api.routes.find((row) => `${row.method} ${row.url}` === route);
    return new Statuses(world, { route, method, each, access: row?.access ?? '' }, problems);
  }

  /** The statuses that the document promises. */
  get documented(): number[] {
    const { route } = this.operation;
    const [method = '', url = ''] = route.split(' ');
    // `/send` is the same route as `/api/v1/send`, and hidden.
    const path = url === '/send' ? '/api/v1/send' : url.replace(/:([a-z]+)/gi, '{$1}');
    const { paths = {} } = this.world.harness.api.app.swagger();
    const operation = paths[path]?.[method.toLowerCase() as Lowercase<Method>];
    return Object.keys(operation?.responses ?? {}).map(Number);
  }

  async get(status: number): Promise<number> {
    const { each, access } = this.operation;
    const { own, administrator } = this.world;
    const special = each.others?.[status];
    const credentials = access === 'administrator' ? administrator : own.byToken;
    if (special !== undefined) return this.#ask(await special(own, this.world), credentials);
    if (status === each.success) {
      // The other domain does the same by its session: so a stranger is refused for the scope, and for nothing else.
      const { other } = this.world;
      if (access === 'domain')
        expect(await this.#ask(each.own(other, this.world), other.bySession)).toBe(status);
      const seen = await this.#ask(each.own(own, this.world), credentials);
      if (access === 'administrator') await this.world.signInAgain();
      return seen;
    }
    return this.#provoke(status, each.own(own, this.world), credentials);
  }

  /** Makes requests that get a status from any route of the kind. */
  async #provoke(status: number, own: Request, credentials: Credentials): Promise<number> {
    const { world } = this;
    const { access, method } = this.operation;
    const remote = '192.0.2.1';
    switch (status) {
      case 400:
      case 422:
        // Of the routes for Resend, a query is a matter of fields, and a body that is not JSON is not.
        if (status === 400 && own.url.startsWith('/compat/resend'))
          return this.#ask({ ...own, body: 'no JSON' }, credentials);
        return this.#ask(malformed(own), credentials);
      case 401:
        if (access === 'local') return this.#ask(own, { authorization: 'Bearer wrong' }, remote);
        return this.#ask(own, {});
      case 403:
        if (access === 'local') return this.#ask(own, {}, remote);
        if (access === 'administrator') return this.#ask(own, world.own.byToken);
        if (method === 'GET') return this.#ask(own, { authorization: 'Bearer wrong' });
        return this.#ask(own, { ...world.own.bySession, origin: 'https://evil.example' });
      case 413:
        return this.#ask({ ...own, body: { text: LARGE } }, credentials);
      case 406:
      case 415:
        return this.#ask({ ...own, body: 'a=b' }, { ...credentials, 'content-type': 'text/plain' });
      case 421:
        return this.#ask(own, { ...credentials, host: 'evil.example' });
      case 429:
        // A domain that may not read metrics uses up its rate all the same.
        if (access === 'local') return this.#exhaust(own, credentials, remote);
        return this.#exhaust(own, credentials);
      case 503: {
        this.#problems.push('a problem');
        await world.harness.store.close();
        const { byToken, bySession } = world.other;
        const by =
          access === 'administrator' ? world.administrator : access === 'token' ? byToken : bySession;
        const asked = this.operation.each.own(access === 'token' ? world.other : world.own, world);
        return this.#ask(asked, by, '127.0.0.2');
      }
      default:
        throw new Error(`no request gets ${status}`);
    }
  }

  /** Makes requests that count and do nothing, until there were too many. */
  async #exhaust(request: Request, credentials: Credentials, remote?: string): Promise<number> {
    for (let count = 0; count <= LIMITS.requests; count++) {
      const status = await this.#ask(malformed(request), credentials, remote);
      if (status === 429) return status;
    }
    return 0;
  }

  async #ask({ url, body, headers }: Request, credentials: Credentials, remote?: string): Promise<number> {
    const { harness } = this.world;
    const all = { ...credentials, ...headers };
    return (await inject(harness, this.operation.method, url, body, all, remote)).statusCode;
  }
}

/** The same request with a parameter that no route has. */
function malformed(request: Request): Request {
  return { ...request, url: `${request.url}${request.url.includes('?') ? '&' : '?'}colour=red` };
}

/** The last ones leave nothing to ask: the session is gone, the rate is used up, the store is closed. */
const LAST = [429, 503];

describe('every status of the document', () => {
  it.each(Object.entries(CASES))('is seen, of %s', async (route, each) => {
    const statuses = await Statuses.make(route, each);
    const { documented } = statuses;
    // Requests that have to change something first come after the success.
    const special = Object.keys(each.others ?? {}).map(Number);
    const generic = documented.filter((status) => ![each.success, ...special, ...LAST].includes(status));
    const order = [
      ...generic,
      each.success,
      ...special,
      ...LAST.filter((status) => documented.includes(status)),
    ];
    const seen: number[] = [];
    for (const status of order) seen.push(await statuses.get(status));
    expect([route, seen]).toEqual([route, order]);
    expect([route, order.sort()]).toEqual([route, documented.sort()]);
  });
});
