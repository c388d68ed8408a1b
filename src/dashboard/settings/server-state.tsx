import type { VNode } from 'preact';
import type { ServerState as State } from '../../api/schemas/server.js';
import { request } from '../api/request.js';
import { CodeBlock } from '../parts/code-block.js';
import { Loaded } from '../parts/loaded.js';
import { useResource } from '../parts/resource.js';
import { plural, sizeText } from '../parts/sizes.js';

/** Shows the administrator the disk, the store and the configuration of the server. */
export function ServerState(): VNode {
  const state = useResource('state', (signal) => request<State>('GET', '/api/v1/server/state', { signal }));
  return (
    <section class="section narrow">
      <h2>Store</h2>
      <Loaded from={state}>
        {({ data, disk, store, configuration }) => (
          <>
            <dl class="details">
              <dt>Messages</dt>
              <dd>
                {plural(store.messages, 'message')}, {sizeText(store.contentOctets)} of content
              </dd>
              <dt>Data folder</dt>
              <dd class="mono">{data}</dd>
              <dt>Disk</dt>
              <dd>{disk === null ? 'cannot be read' : <Disk disk={disk} />}</dd>
            </dl>
            <h2>Configuration in force</h2>
            <p class="soft">
              Values that are not the defaults have their origin beside them. Secrets are hidden.
            </p>
            <CodeBlock code={configuration} what="the configuration" />
          </>
        )}
      </Loaded>
    </section>
  );
}

function Disk({ disk: { free, size } }: { readonly disk: NonNullable<State['disk']> }): VNode {
  return (
    <>
      {sizeText(free)} free of {sizeText(size)}{' '}
      <meter min={0} max={size} value={size - free} high={size * 0.9} aria-label="Used space of the disk" />
    </>
  );
}
