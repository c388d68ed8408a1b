// The OpenAPI document is valid, and says of each route who may use it, what it takes and what it answers.
import type {} from '@fastify/swagger';
import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeEach, describe, expect, it } from 'vitest';
import { Metrics } from '../../../src/api/metrics/metrics.js';
import { Scrape } from '../../../src/api/metrics/scrape.js';
import { CASES } from './cases.js';
import { ApiHarness } from '../api-harness.js';

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, object>> };
}

let document: Document;
beforeEach(async () => {
  const metrics = new Metrics('0.0.0');
  const harness = await ApiHarness.start({ metrics: { metrics, scrape: new Scrape(metrics) } });
  const response = await harness.api.app.inject({
    url: '/api/openapi.json',
    headers: { host: 'mx.example' },
  });
  document = response.json<Document>();
});

function operations(): [route: string, operation: Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path.replace(/\{([a-z]+)\}/gi, ':$1')}`,
      operation,
    ]),
  );
}

describe('the OpenAPI document', () => {
  it('is valid by the schema of OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document) as never);
    expect([valid, errors]).toEqual([true, undefined]);
    expect(validator.version).toBe('3.1');
  });

  it('has every route but the second name of one', () => {
    const routes = operations().map(([route]) => route);
    expect(routes.sort()).toEqual(
      Object.keys(CASES)
        .filter((route) => route !== 'POST /send')
        .sort(),
    );
  });

  it('names each parameter of a path, and credentials that it explains', () => {
    for (const [route, { summary, tags, parameters = [], security }] of operations()) {
      const inPath = [...route.matchAll(/:([a-z]+)/gi)].map(([, name]) => name);
      const named = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect([route, named.sort()]).toEqual([route, inPath.sort()]);
      expect([route, summary, tags]).toEqual([route, expect.any(String), [expect.any(String)]]);
      for (const scheme of security.flatMap((each) => Object.keys(each)))
        expect(document.components.securitySchemes).toHaveProperty(scheme);
    }
  });

  it('describes the body of each route that takes one, and of no other', () => {
    const cases: Readonly<Record<string, (typeof CASES)[keyof typeof CASES]>> = CASES;
    const tenant = new Proxy({}, { get: () => 1 }) as never;
    for (const [route, { requestBody }] of operations()) {
      const takes = cases[route]?.own(tenant, tenant).body !== undefined;
      const schema = requestBody?.content['application/json']?.schema ?? {};
      expect([route, Object.keys(schema).length > 0]).toEqual([route, takes]);
    }
  });

  it('describes each answer: JSON by its members, and other content by its type', () => {
    for (const [route, { responses }] of operations()) {
      for (const [status, { description, content }] of Object.entries(responses)) {
        expect([route, status, description]).not.toEqual([route, status, 'Default Response']);
        const types = Object.keys(content ?? {});
        expect([route, status, types.length]).toEqual([route, status, status === '204' ? 0 : 1]);
        const [json] = Object.entries(content ?? {}).filter(([type]) => type === 'application/json');
        if (json === undefined) continue;
        const text = JSON.stringify(json[1]);
        expect([route, status, /"(properties|items|additionalProperties|anyOf)"/.test(text)]).toEqual([
          route,
          status,
          true,
        ]);
      }
    }
  });
});
