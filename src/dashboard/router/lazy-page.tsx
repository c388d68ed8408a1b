import { useSignal } from '@preact/signals';
import type { ComponentType, VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { reachable, request } from '../api/request.js';
import { Notice } from '../parts/notice.js';
import type { Route } from '../routes.js';

/** Loads the code of a page, and shows the page when it is there. */
export function LazyPage({ route }: { readonly route: Route }): VNode | null {
  const page = useSignal<ComponentType | null>(null);
  const failed = useSignal<'no' | 'server' | 'network'>('no');
  useEffect(() => {
    route.load().then(
      (loaded) => {
        page.value = loaded;
      },
      async () => {
        // Any answer shows that the server is there, so that its files must have changed.
        await request('GET', '/healthz').catch(() => undefined);
        failed.value = reachable.peek() ? 'server' : 'network';
      },
    );
  }, []);
  const back = failed.value === 'network' && reachable.value;
  useEffect(() => {
    // A browser may keep in mind that a module could not be loaded, so the document is loaded anew.
    if (back) location.reload();
  }, [back]);
  if (failed.value !== 'no') {
    return (
      <div class="page">
        <Notice kind="bad" title="This page could not be loaded">
          <p>
            {failed.value === 'network'
              ? 'It is loaded once the server can be reached.'
              : 'The server may have been updated since you opened it.'}
          </p>
          <button type="button" class="button" onClick={() => location.reload()}>
            Load it again
          </button>
        </Notice>
      </div>
    );
  }
  const Page = page.value;
  return Page === null ? null : <Page />;
}
