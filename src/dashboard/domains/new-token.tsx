import type { TargetedSubmitEvent, VNode } from 'preact';
import type { RotatedToken } from '../../api/schemas/domains.js';
import { request } from '../api/request.js';
import { Dialog } from '../parts/dialog.js';
import { Notice } from '../parts/notice.js';
import { useSubmit } from '../parts/submit.js';
import { domainPath } from './domain-api.js';
import { keepToken } from './new-tokens.js';

const HOUR = 3_600_000;
const GRACES: readonly (readonly [milliseconds: number, name: string])[] = [
  [0, 'stops at once'],
  [HOUR, 'works for another hour'],
  [24 * HOUR, 'works for another day'],
  [7 * 24 * HOUR, 'works for another week'],
];

export interface NewTokenProps {
  readonly name: string;
  readonly onMade: () => void;
  readonly onClose: () => void;
}

/** Gives a domain a new token, with a time in which the old one still works. */
export function NewToken({ name, onMade, onClose }: NewTokenProps): VNode {
  const { busy, problem, run } = useSubmit();
  return (
    <Dialog title={`A new token for ${name}`} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p>
          The new token works at once. Put it into your apps while the old one still works, and no message is
          lost.
        </p>
        <div class="field">
          <label for="grace">The old token</label>
          <select id="grace" class="input" name="grace">
            {GRACES.map(([milliseconds, title]) => (
              <option key={milliseconds} value={milliseconds} selected={milliseconds === 24 * HOUR}>
                {title}
              </option>
            ))}
          </select>
          <p class="soft small">Other sessions that were signed in with it end now.</p>
        </div>
        {problem !== null && <Notice kind="bad" title={problem} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-main" disabled={busy}>
            Create the token
          </button>
        </div>
      </form>
    </Dialog>
  );

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const grace = Number(new FormData(event.currentTarget).get('grace'));
    await run(async () => {
      const { token } = await request<RotatedToken>('POST', domainPath(name, '/token'), { body: { grace } });
      keepToken(name, token);
      onMade();
      onClose();
    });
  }
}
