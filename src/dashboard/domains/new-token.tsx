import type { VNode } from 'preact';
import type { RotatedToken } from '../../api/schemas/domains.js';
import { request } from '../api/request.js';
import { FormDialog } from '../parts/form-dialog.js';
import { domainPath } from './domain-api.js';
import { keepToken } from './new-tokens.js';

const HOUR = 3_600_000;
const GRACES: readonly (readonly [milliseconds: number, name: string])[] = [
  [0, 'stops at once'],
  [HOUR, 'works for another hour'],
  [24 * HOUR, 'works for another day'],
  [7 * 24 * HOUR, 'works for another week'],
];

interface NewTokenProps {
  readonly name: string;
  readonly onMade: () => void;
  readonly onClose: () => void;
}

/** Gives a domain a new token, with a time in which the old one still works. */
export function NewToken({ name, onMade, onClose }: NewTokenProps): VNode {
  return (
    <FormDialog
      title={`A new token for ${name}`}
      does="Create the token"
      onSubmit={async (data) => {
        const { token } = await request<RotatedToken>('POST', domainPath(name, '/token'), {
          body: { grace: Number(data.get('grace')) },
        });
        keepToken(name, token);
        onMade();
        onClose();
      }}
      onClose={onClose}
    >
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
    </FormDialog>
  );
}
