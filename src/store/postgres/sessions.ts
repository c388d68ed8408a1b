/** SQL for sessions and the administrator's password. */
import { STORE } from '../limits.js';
import type { Administrator, Principal, Session, Sessions } from '../sessions.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';

interface SessionRow extends Omit<Session, 'principal'> {
  readonly domainId: number;
}

/** The name of the password's record among the settings. */
const PASSWORD = 'administrator.password';
/** The number that sessions of the administrator have in place of a domain. */
const ADMINISTRATOR = 0;

const VALID = `SELECT digest, domain_id AS "domainId", session.created_at AS "createdAt",
    last_seen_at AS "lastSeenAt", expires_at AS "expiresAt", client_address AS "clientAddress",
    user_agent AS "userAgent"
  FROM session LEFT JOIN domain ON domain.id = domain_id
  WHERE (domain_id = ${ADMINISTRATOR} OR (domain.id IS NOT NULL AND domain.removed_at IS NULL)) AND expires_at > $1`;
const FIND = { name: 'session_find', text: `${VALID} AND digest = $2` };
const NEWEST_FIRST = 'ORDER BY session.created_at DESC, digest';
const LIST = { name: 'session_list', text: `${VALID} ${NEWEST_FIRST}` };
const OF_PRINCIPAL = {
  name: 'session_of_principal',
  text: `${VALID} AND domain_id = $2 ${NEWEST_FIRST}`,
};
/** Locks the domain, so that it is not removed before the session is there. */
const LOCK_DOMAIN = {
  name: 'session_domain',
  text: 'SELECT 1 FROM domain WHERE id = $1 AND removed_at IS NULL FOR SHARE',
};
const INSERT = {
  name: 'session_insert',
  text: `INSERT INTO session (digest, domain_id, created_at, last_seen_at, expires_at, client_address, user_agent)
    VALUES ($1, $2, $3, $3, $4, $5, $6)`,
};
const TRIM = {
  name: 'session_trim',
  text: `DELETE FROM session WHERE digest IN (
    SELECT digest FROM session WHERE domain_id = $1
    ORDER BY last_seen_at DESC, created_at DESC OFFSET ${STORE.sessions.initial})`,
};
const TOUCH = {
  name: 'session_touch',
  text: 'UPDATE session SET last_seen_at = $2, expires_at = $3 WHERE digest = $1',
};
const REVOKE = { name: 'session_revoke', text: 'DELETE FROM session WHERE digest = $1' };
const REVOKE_ALL = {
  name: 'session_revoke_all',
  text: 'DELETE FROM session WHERE domain_id = $1 AND digest IS DISTINCT FROM $2::bytea',
};
const REMOVE_EXPIRED = { name: 'session_expire', text: 'DELETE FROM session WHERE expires_at <= $1' };

const GET = { name: 'setting_get', text: 'SELECT value FROM setting WHERE name = $1' };
const SET = {
  name: 'setting_set',
  text: `INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
};
const SET_ONCE = {
  name: 'setting_set_once',
  text: 'INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING',
};

export function postgresSessions(connections: Connections): Sessions {
  return {
    create: ({ digest, principal, createdAt, expiresAt, clientAddress, userAgent }) =>
      connections.transaction(async (connection) => {
        const owner = ownerOf(principal);
        if (owner !== ADMINISTRATOR && (await connection.run(LOCK_DOMAIN, [owner])).count === 0) return false;
        const values = [Buffer.from(digest), owner, createdAt, expiresAt, clientAddress, userAgent];
        await connection.run(INSERT, values);
        await connection.run(TRIM, [owner]);
        return true;
      }),
    async find(digest, now) {
      const [row] = (await connections.run<SessionRow>(FIND, [now, Buffer.from(digest)])).rows;
      return row === undefined ? null : sessionOf(row);
    },
    async touch(digest, lastSeenAt, expiresAt) {
      await connections.run(TOUCH, [Buffer.from(digest), lastSeenAt, expiresAt]);
    },
    async list(principal, now) {
      const { rows } =
        principal === null
          ? await connections.run<SessionRow>(LIST, [now])
          : await connections.run<SessionRow>(OF_PRINCIPAL, [now, ownerOf(principal)]);
      return rows.map(sessionOf);
    },
    revoke: async (digest) => (await connections.run(REVOKE, [Buffer.from(digest)])).count > 0,
    revokeAll: (principal, except) =>
      connections.with((connection) => revokeAll(connection, principal, except)),
    removeExpired: async (now) => (await connections.run(REMOVE_EXPIRED, [now])).count,
  };
}

/** Ends all sessions of a principal except the given one, in the open transaction. Returns their number. */
export async function revokeAll(
  connection: Connection,
  principal: Principal,
  except: Uint8Array | null,
): Promise<number> {
  const kept = except === null ? null : Buffer.from(except);
  return (await connection.run(REVOKE_ALL, [ownerOf(principal), kept])).count;
}

export function postgresAdministrator(connections: Connections): Administrator {
  return {
    async password() {
      return (await connections.run<{ value: string }>(GET, [PASSWORD])).rows[0]?.value ?? null;
    },
    setPassword: (record, { onlyIfNone }) =>
      connections.transaction(async (connection) => {
        if (onlyIfNone) return (await connection.run(SET_ONCE, [PASSWORD, record])).count > 0;
        await connection.run(SET, [PASSWORD, record]);
        await revokeAll(connection, { kind: 'administrator' }, null);
        return true;
      }),
  };
}

function ownerOf(principal: Principal): number {
  return principal.kind === 'domain' ? principal.domainId : ADMINISTRATOR;
}

function sessionOf({ domainId, ...row }: SessionRow): Session {
  const principal: Principal =
    domainId === ADMINISTRATOR ? { kind: 'administrator' } : { kind: 'domain', domainId };
  return { ...row, principal };
}
