import {
  type Credentials,
  type ExternalCredentials,
  type Question,
  refuse,
  Reply,
  reply,
  type ScramKeys,
  type Verdict,
} from '../../protocol/parts.js';
import type { Admission } from '../admission/admission.js';
import type { AnyHandler } from '../any.js';
import type { WithCertificate } from '../handler.js';
import { shown } from '../../base/shown.js';
import type { ConnectionSession } from '../connection/session.js';
import type { Counters } from '../stats.js';

type Auth = Extract<Question, { type: 'auth' }>;
type Lookup = Extract<Question, { type: 'lookup' }>;

interface VerifierContext<Principal> {
  readonly handler: AnyHandler<Principal>;
  readonly admission: Admission;
  readonly counters: Counters;
}

/** What one session's AUTH asks: calls of the handler, and what failing costs. */
export class Verifier<Principal> {
  #failures = 0;

  constructor(
    private readonly session: ConnectionSession<Principal>,
    private readonly context: VerifierContext<Principal>,
    /** The reply for what the handler throws. */
    private readonly replyTo: (error: unknown) => Reply,
  ) {}

  /** The keys of a user, for SCRAM. */
  async lookup({ user }: Lookup): Promise<Verdict<Principal>> {
    const keys: ScramKeys | null = (await this.context.handler.onScram?.(this.session, user)) ?? null;
    if (keys !== null) checkKeys(keys);
    return { type: 'keys', keys };
  }

  /** Returns the verdict on credentials, with the principal that they prove. */
  async verify({ credentials }: Auth): Promise<Verdict<Principal>> {
    const presented = credentials === null ? null : this.#present(credentials);
    const result = presented === null ? null : await this.#ask(presented);
    const refusal = result instanceof Reply ? result : null;
    // `false` and the empty text are what many password checks return for a wrong password.
    if (refusal === null && Boolean(result)) {
      this.context.counters.authenticated++;
      return { type: 'authenticate', principal: result as Principal };
    }
    // A verifier that fails for now (4yz) says nothing about the credentials.
    if (refusal !== null && refusal.code < 500) return refuse(refusal);
    this.#failures++;
    const { delay, tooMany } = this.context.admission.authFailed(this.session.network);
    await pause(delay);
    const last = tooMany || this.#failures >= this.context.admission.limits.authFailures;
    return refuse(last ? reply('tooManyAuthFailures') : (refusal ?? reply('authFailed')));
  }

  /** What `onAuth` says, thrown refusals included: they are answers as well. */
  async #ask(credentials: WithCertificate<Credentials>): Promise<Principal | Reply | null | undefined> {
    try {
      const result = await this.context.handler.onAuth?.(this.session, credentials);
      if (result instanceof Reply && !result.positive) return result;
      // A Reply of another copy of this package is no principal either.
      const isReply = 'positive' in Object(result);
      if (!(result instanceof Error) && typeof result !== 'function' && !isReply) return result;
      throw new TypeError(`onAuth: expected a principal, null or a Reply, got ${shown(result)}`);
    } catch (error) {
      return this.replyTo(error);
    }
  }

  /** Null where they prove nothing as they are. */
  #present(credentials: Credentials): WithCertificate<Credentials> | null {
    return credentials.mechanism === 'EXTERNAL' ? this.#presentExternal(credentials) : credentials;
  }

  #presentExternal(credentials: ExternalCredentials): WithCertificate<ExternalCredentials> | null {
    const certificate = this.session.tls?.clientCertificate ?? null;
    return certificate?.authorized === true ? { ...credentials, certificate } : null;
  }
}

/**
 * @throws TypeError if they are malformed: a user's record lacks a column, say. No user could log in with them, and
 * the computation with them would throw outside the handler's call.
 */
function checkKeys({ salt, iterations, storedKey, serverKey }: ScramKeys): void {
  const sound = [salt, storedKey, serverKey].every((part: unknown) => part instanceof Uint8Array);
  if (sound && Number.isInteger(iterations)) return;
  throw new TypeError(
    'onScram: expected salt, storedKey and serverKey as octets, and iterations as a number',
  );
}

function pause(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms).unref());
}
