import { randomUUID } from 'node:crypto';
import type { Domain } from '../store/port.js';
import type { Completion, Idempotency, IdempotencyKey } from '../store/idempotency.js';
import { ApiError } from './errors.js';
import type { ApiLimits } from './limits.js';

/** The state of a request with an Idempotency-Key. */
interface KeyInHand {
  /** Makes what the store keeps with the message: the response to give again. */
  completion(response: unknown): Completion;
  /** Keeps the response of a request whose messages have keys of their own. */
  complete(response: unknown): Promise<void>;
}

export interface Answer<Response> {
  readonly response: Response;
  /** The response is that of an earlier request. */
  readonly replayed: boolean;
}

/** Runs requests with an Idempotency-Key once. The key belongs to a domain and to one of the APIs. */
export class Idempotent {
  constructor(
    private readonly store: Idempotency,
    private readonly limits: Pick<ApiLimits, 'idempotency' | 'idempotencyLease'>,
    private readonly now: () => number,
  ) {}

  /**
   * Runs a request, or returns the response of the first success with its key. A request that fails frees its key.
   *
   * @param api keeps the keys of the APIs apart
   * @param field the value of the header field; undefined runs the request without a key
   * @throws ApiError `idempotency_conflict` while another request with the key is under way
   */
  async run<Response>(
    api: string,
    { id: domainId }: Domain,
    field: string | string[] | undefined,
    request: (key: KeyInHand | null) => Promise<Response>,
  ): Promise<Answer<Response>> {
    if (field === undefined) return { response: await request(null), replayed: false };
    if (typeof field !== 'string' || !/^[ -~]{1,255}$/.test(field))
      throw new ApiError('invalid_idempotency_key');
    const key: IdempotencyKey = { domainId, key: `${api}:${field}` };
    const owner = randomUUID();
    const { idempotency, idempotencyLease } = this.limits;
    const now = this.now();
    const state = await this.store.begin({ ...key, owner, now, leaseUntil: now + idempotencyLease });
    if (state.state === 'under-way') throw new ApiError('idempotency_conflict', { retryAfter: 1 });
    if (state.state === 'done') return { response: JSON.parse(state.response) as Response, replayed: true };
    const renewal = setInterval(() => {
      // If the key is lost, the commit says so.
      this.store.renew(key, owner, this.now() + idempotencyLease).catch(() => undefined);
    }, idempotencyLease / 3).unref();
    const completion = (response: unknown): Completion => ({
      ...key,
      owner,
      response: JSON.stringify(response),
      expiresAt: this.now() + idempotency,
    });
    try {
      const response = await request({
        completion,
        complete: async (response) => {
          await this.store.complete(completion(response));
        },
      });
      return { response, replayed: false };
    } catch (error) {
      await this.store.abandon(key, owner).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }
}
