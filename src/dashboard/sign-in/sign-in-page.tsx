import './sign-in.css';
import { useSignal } from '@preact/signals';
import type { TargetedSubmitEvent, VNode } from 'preact';
import { problemOf } from '../api/refusal.js';
import { Logo } from '../parts/logo.js';
import { Notice } from '../parts/notice.js';
import { session, signIn } from '../session/session.js';

type Kind = 'administrator' | 'domain';

const KINDS: Readonly<
  Record<Kind, { readonly name: string; readonly label: string; readonly hint: string }>
> = {
  administrator: {
    name: 'Administrator',
    label: 'Password',
    hint: 'The first start of the server shows it, or leaves it in the file admin-password of the data folder. POSTERN_ADMIN_PASSWORD sets another one.',
  },
  domain: {
    name: 'A domain',
    label: 'API token',
    hint: 'The token that your app uses as its SMTP user and password. You will see the mail of its domain.',
  },
};

/** Signs in the administrator, or a domain with its API token. */
export function SignInPage(): VNode {
  const kind = useSignal<Kind>('administrator');
  const problem = useSignal<string | null>(null);
  const busy = useSignal(false);
  const { label, hint } = KINDS[kind.value];
  const { value: state } = session;
  const notice = state.state === 'signed-out' ? state.notice : null;

  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <header>
          <Logo />
          <h1>Sign in to Postern</h1>
        </header>
        {notice !== null && problem.value === null && <Notice kind="warning" title={notice} />}
        <div class="segments" role="radiogroup" aria-label="Sign in as">
          {(Object.keys(KINDS) as Kind[]).map((each) => (
            <label key={each} data-chosen={each === kind.value}>
              <input
                type="radio"
                name="kind"
                value={each}
                checked={each === kind.value}
                onChange={() => choose(each)}
              />
              {KINDS[each].name}
            </label>
          ))}
        </div>
        <div class="field">
          <label for="secret">{label}</label>
          <input
            id="secret"
            key={kind.value}
            class="input"
            name="secret"
            type="password"
            autocomplete={kind.value === 'administrator' ? 'current-password' : 'off'}
            maxLength={1024}
            required
            autofocus
            aria-describedby="secret-hint"
            aria-invalid={problem.value === null ? undefined : true}
          />
          <p id="secret-hint" class="soft small">
            {hint}
          </p>
        </div>
        {problem.value !== null && <Notice kind="bad" title={problem.value} />}
        <button type="submit" class="button button-main" disabled={busy.value}>
          {busy.value ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  );

  function choose(chosen: Kind): void {
    kind.value = chosen;
    problem.value = null;
  }

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget).get('secret');
    if (busy.value || typeof given !== 'string' || given === '') return;
    busy.value = true;
    problem.value = null;
    try {
      await signIn(kind.value === 'administrator' ? { password: given } : { token: given.trim() });
    } catch (error) {
      problem.value = problemOf(error);
    } finally {
      busy.value = false;
    }
  }
}
