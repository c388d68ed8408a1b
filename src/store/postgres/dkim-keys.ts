/** SQL for DKIM keys. */
import type { DkimKey, DkimKeys } from '../dkim-keys.js';
import type { Connections } from './connections.js';

const LIST = {
  name: 'dkim_list',
  text: `SELECT domain.name AS domain, selector, algorithm, private_key AS "privateKey",
      dkim_key.created_at AS "createdAt", active
    FROM dkim_key JOIN domain ON domain.id = domain_id
    WHERE domain.name = $1 ORDER BY dkim_key.created_at, selector`,
};
const ADD = {
  name: 'dkim_add',
  text: `INSERT INTO dkim_key (domain_id, selector, algorithm, private_key, created_at, active)
    SELECT id, $2, $3, $4, $5, $6 FROM domain WHERE name = $1 AND removed_at IS NULL ON CONFLICT DO NOTHING`,
};
const OF_DOMAIN = 'domain_id = (SELECT id FROM domain WHERE name = $1) AND selector = $2';
const SET_ACTIVE = { name: 'dkim_active', text: `UPDATE dkim_key SET active = $3 WHERE ${OF_DOMAIN}` };
const REMOVE = { name: 'dkim_remove', text: `DELETE FROM dkim_key WHERE ${OF_DOMAIN}` };

export function postgresDkimKeys(connections: Connections): DkimKeys {
  return {
    list: async (domain) => (await connections.run<DkimKey>(LIST, [domain])).rows,
    async add({ domain, selector, algorithm, privateKey, createdAt, active }) {
      const values = [domain, selector, algorithm, Buffer.from(privateKey), createdAt, active];
      return (await connections.run(ADD, values)).count > 0;
    },
    setActive: async (domain, selector, active) =>
      (await connections.run(SET_ACTIVE, [domain, selector, active])).count > 0,
    remove: async (domain, selector) => (await connections.run(REMOVE, [domain, selector])).count > 0,
  };
}
