import type { VNode } from 'preact';
import type { SessionEntry } from '../../api/schemas/session.js';
import { request } from '../api/request.js';
import { Badge } from '../parts/badge.js';
import { Loaded } from '../parts/loaded.js';
import { Notice } from '../parts/notice.js';
import { useResource } from '../parts/resource.js';
import { useSubmit } from '../parts/submit.js';
import { distance, fullTime } from '../parts/time.js';
import { signOut } from '../session/session.js';
import { browserName } from './browser-name.js';

/** Who is signed in, from where, and a way to end it. */
export function Sessions(): VNode {
  const { busy, problem, run } = useSubmit();
  const list = useResource('sessions', (signal) =>
    request<{ sessions: SessionEntry[] }>('GET', '/api/v1/sessions', { signal }),
  );
  return (
    <>
      {problem !== null && <Notice kind="bad" title={problem} />}
      <Loaded from={list}>
        {({ sessions }) => (
          <table class="table table-blocks">
            <thead>
              <tr>
                <th scope="col">Who</th>
                <th scope="col">From</th>
                <th scope="col">Browser</th>
                <th scope="col">Last seen</th>
                <th scope="col">
                  <span class="unseen">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sessions.map(({ id, domain, current, clientAddress, userAgent, lastSeenAt }) => (
                <tr key={id}>
                  <th scope="row">
                    {domain ?? 'Administrator'} {current && <Badge kind="good">this one</Badge>}
                  </th>
                  <td data-label="From">
                    <span class="mono whole">{clientAddress}</span>
                  </td>
                  <td class="soft" data-label="Browser" title={userAgent}>
                    {browserName(userAgent)}
                  </td>
                  <td class="whole" data-label="Last seen" title={fullTime(lastSeenAt)}>
                    {distance(lastSeenAt)}
                  </td>
                  <td class="actions">
                    <button
                      type="button"
                      class="button"
                      disabled={busy}
                      onClick={() => void end(id, current)}
                    >
                      {current ? 'Sign out' : 'End'}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </>
  );

  async function end(id: string, current: boolean): Promise<void> {
    if (current) return signOut();
    if (await run(async () => await request('DELETE', `/api/v1/sessions/${id}`))) void list.reload();
  }
}
