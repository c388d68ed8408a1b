import type { VNode } from 'preact';
import { path } from './router/location.js';
import { routeOf } from './routes.js';
import { LazyPage } from './router/lazy-page.js';
import { session } from './session/session.js';
import { Shell } from './shell/shell.js';
import { SignInPage } from './sign-in/sign-in-page.js';

/** Shows the sign-in page to those who are not signed in, and otherwise the page that the URL names. */
export function App(): VNode | null {
  const { state } = session.value;
  if (state === 'unknown') return null;
  if (state === 'signed-out') return <SignInPage />;
  const route = routeOf(path.value);
  return (
    <Shell>
      <LazyPage key={route.name} route={route} />
    </Shell>
  );
}
