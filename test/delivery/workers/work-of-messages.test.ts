/**
 * Invariant: whatever a message contains, the work to read it, to make the request of a mail API and to make the event
 * of a webhook grows in proportion to its octets. Work is counted in steps, not in time: see `steps.ts`.
 */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { composeRequest } from '../../../src/delivery/transports/https/compose.js';
import { composeEvent, type EventFacts } from '../../../src/delivery/webhooks/compose.js';
import { readMessage } from '../../../src/message/mime/read.js';
import { Unreadable } from '../../../src/message/mime/work.js';
import { SHAPES, wholeOf } from '../../shapes/messages.mjs';
import { StepCounter } from '../../shapes/steps.js';

const counter = new StepCounter(/\/dist\/(?:base|message|delivery)\/|\/node_modules\//);
afterAll(() => counter.close());

const RECIPIENTS = [{ position: 0, forwardPath: 'you@example.net' }];

const { privateKey } = generateKeyPairSync('ed25519');
const EVENT: EventFacts = {
  event: {
    event: 1,
    domainId: 1,
    name: 'email.queued',
    message: 1,
    positions: [0],
    attempt: null,
    at: 0,
    attempts: 0,
    crashes: null,
  },
  message: {
    id: 1,
    receivedAt: 0,
    from: 'app@example.com',
    to: ['you@example.net'],
    subject: 'shape',
    messageId: null,
    listUnsubscribe: null,
    tags: [],
  },
  keys: { privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }) },
  omitted: null,
};

const JOBS: Readonly<Record<string, (message: Buffer) => void>> = {
  'the MIME reader': (message) => void readMessage(message),
  'the request of a mail API': (message) =>
    void composeRequest({ recipients: RECIPIENTS, tags: [], most: 1e8 }, message),
  'the event of a webhook': (message) => void composeEvent(EVENT, message),
};

/** Octets of the smallest message; the others have twice and four times as many. */
const SMALLEST = 16 * 1024;

/** How much the work may grow if the octets double, and what is left out of account. Measured: 2.05 at most. */
const GROWTH = 2.2;
const SLACK = 5_000;
/** The most steps for an octet. Measured: 17 at most, for addresses in an event. */
const STEPS_PER_OCTET = 30;

describe.each(Object.entries(JOBS))('%s: the work grows with the octets', (_name, job) => {
  /** The work up to a refusal counts. */
  const done = (message: Buffer): void => {
    try {
      job(message);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
  };

  it.each(SHAPES.map((shape) => [shape.name, shape] as const))('%s', (_shape, shape) => {
    // Tables that are made once do not count.
    done(wholeOf(shape, SMALLEST));
    const steps = [1, 2, 4].map((factor) => {
      const message = wholeOf(shape, factor * SMALLEST);
      return counter.stepsOf(() => done(message));
    }) as [number, number, number];
    const [once, twice, fourTimes] = steps;
    // Each line that is read takes a step, so a count near zero would be one of nothing.
    expect(once).toBeGreaterThan(SMALLEST / 100);
    expect([steps, twice < GROWTH * once + SLACK]).toEqual([steps, true]);
    expect([steps, fourTimes < GROWTH * twice + SLACK]).toEqual([steps, true]);
    expect([steps, fourTimes < STEPS_PER_OCTET * 4 * SMALLEST]).toEqual([steps, true]);
  });
});
