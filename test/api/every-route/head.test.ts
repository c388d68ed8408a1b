// HEAD is answered as GET: the same status and fields, for everyone who may ask and who may not, and no body.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/api/metrics/metrics.js';
import { Scrape } from '../../../src/api/metrics/scrape.js';
import { CASES } from './cases.js';
import { type Credentials, World } from './world.js';

const METRICS = new Metrics('0.0.0');
const GETS = Object.entries(CASES).filter(([route]) => route.startsWith('GET '));
/** These fields differ from one answer to the next. The numbers of /metrics have other lengths each time. */
const PASSING = ['date', 'content-length', 'connection', 'keep-alive', 'transfer-encoding'];

describe('HEAD', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.make({ metrics: { metrics: METRICS, scrape: new Scrape(METRICS) } });
  });
  afterEach(() => expect(world.harness.failures).toEqual([]));

  async function ask(method: 'GET' | 'HEAD', [route, { own }]: (typeof GETS)[number], by: Credentials) {
    const answer = await world.ask({ method, ...own(world.own, world) }, by);
    const fields = Object.entries(answer.headers).filter(([name]) => !PASSING.includes(name));
    return { answer, facts: { route, status: answer.statusCode, fields: Object.fromEntries(fields) } };
  }

  it('has the status and the fields of GET, and no body, on each route', async () => {
    for (const row of GETS) {
      for (const by of [
        world.administrator,
        world.own.bySession,
        world.other.byToken,
        {},
        { cookie: 'x=y' },
      ]) {
        const get = await ask('GET', row, by);
        const head = await ask('HEAD', row, by);
        expect(head.facts).toEqual(get.facts);
        expect([row[0], head.answer.body]).toEqual([row[0], '']);
      }
    }
  });

  it('gives the length that GET has, also of octets that are not read', async () => {
    for (const rest of ['', '/raw', '/parts/3', '/html', '/links']) {
      const url = `/api/v1/messages/${world.own.held}${rest}`;
      const [get, head] = [
        await world.ask({ method: 'GET', url }, world.own.byToken),
        await world.ask({ method: 'HEAD', url }, world.own.byToken),
      ];
      expect([rest, head.headers['content-length']]).toEqual([rest, get.headers['content-length']]);
      expect([rest, Number(head.headers['content-length'])]).toEqual([rest, get.rawPayload.length]);
    }
  });

  it('of the event stream opens no stream', async () => {
    for (let times = 0; times < 30; times++) {
      const answer = await world.ask({ method: 'HEAD', url: '/api/v1/events' }, world.own.byToken);
      expect([answer.statusCode, answer.headers['content-type'], answer.headers['content-length']]).toEqual([
        200,
        'text/event-stream; charset=utf-8',
        undefined,
      ]);
    }
  });

  it('is refused on routes that have no GET', async () => {
    const answer = await world.ask({ method: 'HEAD', url: '/api/v1/send' }, world.own.byToken);
    expect(answer.statusCode).toBe(404);
  });
});
