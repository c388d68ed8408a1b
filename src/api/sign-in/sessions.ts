import { randomBytes } from 'node:crypto';
import type { Principal as StoredPrincipal, Session, Sessions } from '../../store/sessions.js';
import type { Directory } from '../../submission/directory.js';
import { digestSecret, type SessionLookup } from '../plugins/authorization.js';
import type { Principal } from '../principal.js';
import type { Client } from '../sending.js';

/** Octets of randomness in the secret of a session. */
const SECRET_OCTETS = 32;
/** The use of a session is noted this often, in milliseconds. */
const NOTED_EVERY = 60_000;

/** The sessions of those who signed in. Their secrets are in cookies alone; the store has SHA-256 of them. */
export class SignedIn implements SessionLookup {
  constructor(
    private readonly sessions: Sessions,
    private readonly directory: Pick<Directory, 'byId'>,
    /** How long a session lasts after its last use, in milliseconds. */
    private readonly lifetime: number,
    private readonly now: () => number,
  ) {}

  /** Begins a session and returns its secret, or null if its domain has been removed. */
  async begin(principal: StoredPrincipal, client: Client): Promise<string | null> {
    const secret = randomBytes(SECRET_OCTETS).toString('base64url');
    const now = this.now();
    const kept = await this.sessions.create({
      digest: digestSecret(secret),
      principal,
      createdAt: now,
      expiresAt: now + this.lifetime,
      clientAddress: client.address,
      userAgent: client.userAgent ?? '',
    });
    return kept ? secret : null;
  }

  /** Returns who has this secret, or null. */
  async find(secret: string): Promise<Principal | null> {
    if (secret.length > 100) return null;
    const now = this.now();
    const session = await this.sessions.find(digestSecret(secret), now);
    if (session === null) return null;
    if (now - session.lastSeenAt > NOTED_EVERY) {
      await this.sessions.touch(session.digest, now, now + this.lifetime);
    }
    if (session.principal.kind === 'administrator') return { kind: 'administrator', session: session.digest };
    const domain = await this.directory.byId(session.principal.domainId);
    return domain === null ? null : { kind: 'domain', domain, session: session.digest };
  }

  async isValid(secret: string): Promise<boolean> {
    const session = await this.sessions.find(digestSecret(secret), this.now());
    if (session?.principal.kind !== 'domain') return session !== null;
    return (await this.directory.byId(session.principal.domainId)) !== null;
  }

  /** Returns the sessions that a principal may see: its own, or all for the administrator. */
  list(principal: Principal): Promise<Session[]> {
    return this.sessions.list(principal.kind === 'administrator' ? null : stored(principal), this.now());
  }

  /** Ends a session that the principal may see. Resolves to false if there is none. */
  async end(principal: Principal, digest: Uint8Array): Promise<boolean> {
    const visible = await this.list(principal);
    if (!visible.some((session) => Buffer.compare(session.digest, digest) === 0)) return false;
    return this.sessions.revoke(digest);
  }
}

function stored(principal: Principal): StoredPrincipal {
  return principal.kind === 'administrator'
    ? { kind: 'administrator' }
    : { kind: 'domain', domainId: principal.domain.id };
}
