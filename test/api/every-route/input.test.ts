// Every route refuses what it does not take: parameters and fields that it does not have, and values of another type. The
// answer names the parameter or the field, and nothing is stored.
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/api/metrics/metrics.js';
import { Scrape } from '../../../src/api/metrics/scrape.js';
import type {} from '@fastify/swagger';
import { CASES } from './cases.js';
import { type Ask, type Credentials, type Method, World } from './world.js';

const METRICS = new Metrics('0.0.0');

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

class Input {
  private constructor(
    readonly world: World,
    readonly operations: ReadonlyMap<string, Operation>,
  ) {}

  static async start(): Promise<Input> {
    const world = await World.make({ metrics: { metrics: METRICS, scrape: new Scrape(METRICS) } });
    const { paths = {} } = world.harness.api.app.swagger();
    const operations = Object.entries(paths).flatMap(([path, methods = {}]) =>
      Object.entries(methods as Readonly<Record<string, object>>).map(
        ([method, operation]): [string, Operation] => [
          `${method.toUpperCase()} ${path.replace(/\{([a-z]+)\}/gi, ':$1')}`,
          operation as Operation,
        ],
      ),
    );
    return new Input(world, new Map(operations));
  }

  /** Makes a request of the owner, changed, and expects an answer that names what is wrong. */
  async expectNamed(route: string, change: (own: Ask) => Ask, name: string): Promise<void> {
    const { harness, own, administrator } = this.world;
    const [method] = route.split(' ') as [Method];
    const access = harness.api.routes.find((row) => `${row.method} ${row.url}` === route)?.access;
    const credentials: Credentials = access === 'administrator' ? administrator : own.byToken;
    const request = CASES[route as keyof typeof CASES]?.own(own, this.world) ?? { url: '/absent' };
    const answer = await this.world.ask(change({ method, ...request }), credentials);
    const named = answer.body.includes(name);
    expect([route, name, [400, 422].includes(answer.statusCode), named, answer.body]).toEqual([
      route,
      name,
      true,
      true,
      answer.body,
    ]);
  }
}

function withQuery(ask: Ask, query: string): Ask {
  return { ...ask, url: `${ask.url}${ask.url.includes('?') ? '&' : '?'}${query}` };
}

/** The members of an object, in whichever form of it they are. */
function membersOf({ properties, anyOf, items }: Schema): [name: string, schema: Schema][] {
  if (items?.properties !== undefined) return membersOf(items);
  return [...Object.entries(properties ?? {}), ...(anyOf ?? []).flatMap(membersOf)];
}

function isObject(schema: Schema): boolean {
  return schema.properties !== undefined || (schema.anyOf ?? []).some(isObject);
}

describe('every route', () => {
  it.each(['colour=red', '__proto__=x', 'constructor=x', 'limit[]=1'])(
    'refuses ?%s, and names it',
    async (query) => {
      const input = await Input.start();
      for (const route of Object.keys(CASES)) {
        await input.expectNamed(route, (own) => withQuery(own, query), query.slice(0, query.indexOf('=')));
      }
      expect(input.world.harness.failures).toEqual([]);
    },
  );

  it('refuses a parameter that comes twice but for those that may, and names it', async () => {
    const input = await Input.start();
    let refused = 0;
    for (const [route, { parameters = [] }] of input.operations) {
      for (const { name, schema, in: place } of parameters) {
        if (place !== 'query' || schema.type === 'array') continue;
        await input.expectNamed(route, (own) => withQuery(own, `${name}=1&${name}=1`), name);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(30);
  });

  it('refuses a field of a body that it does not have, and names it', async () => {
    const input = await Input.start();
    const before = await input.world.harness.count();
    for (const [route, { own }] of Object.entries(CASES)) {
      const body = own(input.world.own, input.world).body;
      const isRead = route.startsWith('GET ');
      if (isRead) continue;
      const changed = Array.isArray(body)
        ? [{ ...(body[0] as object), colour: 'red' }]
        : { ...(body as object), colour: 'red' };
      if (route === 'POST /compat/postmark/email/batch') continue;
      await input.expectNamed(route, (own) => ({ ...own, body: changed }), 'colour');
    }
    expect(await input.world.harness.count()).toBe(before);
  });

  it('refuses a field of another type, and names it', async () => {
    const input = await Input.start();
    const before = await input.world.harness.count();
    let refused = 0;
    for (const [route, { requestBody }] of input.operations) {
      const schema = requestBody?.content['application/json']?.schema;
      // A batch of Postmark has a result for each message.
      if (schema === undefined || route === 'POST /compat/postmark/email/batch') continue;
      for (const [name, member] of membersOf(schema)) {
        const wrong = isObject(member) ? 'x' : { x: 1 };
        const change = (own: Ask): Ask => {
          const { body } = own;
          return Array.isArray(body)
            ? { ...own, body: [{ ...(body[0] as object), [name]: wrong }] }
            : { ...own, body: { ...(body as object), [name]: wrong } };
        };
        await input.expectNamed(route, change, name);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(60);
    expect(await input.world.harness.count()).toBe(before);
  });
});
