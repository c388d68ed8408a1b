import { useSignal } from '@preact/signals';
import type { ComponentType, VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { Notice } from '../parts/notice.js';
import type { Route } from '../routes.js';

/** Loads the code of a page, and shows the page when it is there. */
export function LazyPage({ route }: { readonly route: Route }): VNode | null {
  const page = useSignal<ComponentType | null>(null);
  const failed = useSignal(false);
  useEffect(() => {
    route.load().then(
      (loaded) => {
        page.value = loaded;
      },
      () => {
        failed.value = true;
      },
    );
  }, []);
  if (failed.value) {
    return (
      <Notice kind="bad" title="This page could not be loaded">
        <p>The server may have been updated, or it cannot be reached.</p>
        <button type="button" class="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </Notice>
    );
  }
  const Page = page.value;
  return Page === null ? null : <Page />;
}
