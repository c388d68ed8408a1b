import { useSignal } from '@preact/signals';
import type { TargetedSubmitEvent, VNode } from 'preact';
import { request } from '../api/request.js';
import { Field } from '../parts/field.js';
import { Notice } from '../parts/notice.js';
import { useSubmit } from '../parts/submit.js';
import { toast } from '../parts/toasts.js';

/** Characters, as the server asks for. */
const LEAST = 10;
const MOST = 1024;

/** Gives the administrator another password. */
export function PasswordForm({ onChanged }: { readonly onChanged: () => void }): VNode {
  const { busy, problem, run } = useSubmit();
  // An empty form after each change.
  const round = useSignal(0);
  return (
    <form key={round.value} class="card" onSubmit={(event) => void submit(event)}>
      {/* For password managers: the name that the password belongs to. */}
      <input type="text" name="username" autocomplete="username" value="administrator" hidden readOnly />
      <Field
        id="current-password"
        label="Current password"
        name="current"
        type="password"
        autocomplete="current-password"
        maxLength={MOST}
        required
      />
      <Field
        id="new-password"
        label="New password"
        name="password"
        type="password"
        autocomplete="new-password"
        minLength={LEAST}
        maxLength={MOST}
        required
        hint={
          <>
            {LEAST} characters or more. All other sessions of the administrator end. If the server is started
            with <code>POSTERN_ADMIN_PASSWORD</code>, that password counts again.
          </>
        }
      />
      {problem !== null && <Notice kind="bad" title={problem} />}
      <div>
        <button type="submit" class="button" disabled={busy}>
          Change the password
        </button>
      </div>
    </form>
  );

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const body = { current: given.get('current'), password: given.get('password') };
    if (!(await run(() => request('PUT', '/api/v1/password', { body })))) return;
    round.value += 1;
    toast({ text: 'The password was changed' });
    onChanged();
  }
}
