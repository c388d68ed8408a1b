import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import type { WhoAmI } from '../../api/schemas/session.js';
import { problemOf, Refusal } from '../api/refusal.js';
import { refusedSession, request } from '../api/request.js';

/** Who uses the pages. */
type SessionState =
  /** The server has not been asked yet. */
  | { readonly state: 'unknown' }
  /** `notice` says why, if the person did not sign out. */
  | { readonly state: 'signed-out'; readonly notice: string | null }
  | { readonly state: 'signed-in'; readonly who: WhoAmI };

const current = signal<SessionState>({ state: 'unknown' });

export const session: ReadonlySignal<SessionState> = current;

/** Who is signed in; null if no one is. */
export const who: ReadonlySignal<WhoAmI | null> = computed(() =>
  current.value.state === 'signed-in' ? current.value.who : null,
);

effect(() => {
  if (refusedSession.value > 0 && current.peek().state === 'signed-in') {
    current.value = { state: 'signed-out', notice: 'Your session has ended. Sign in again.' };
  }
});

/** Asks the server who is signed in. */
export async function loadSession(): Promise<void> {
  try {
    current.value = { state: 'signed-in', who: await request<WhoAmI>('GET', '/api/v1/session') };
  } catch (error) {
    const expected = error instanceof Refusal && error.status === 401;
    current.value = { state: 'signed-out', notice: expected ? null : problemOf(error) };
  }
}

/** @throws Refusal if the password or token is wrong */
export async function signIn(secret: { password: string } | { token: string }): Promise<void> {
  current.value = {
    state: 'signed-in',
    who: await request<WhoAmI>('POST', '/api/v1/session', { body: secret }),
  };
}

export async function signOut(): Promise<void> {
  await request('DELETE', '/api/v1/session');
  current.value = { state: 'signed-out', notice: null };
}
