import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { NodeList } from '../../api/schemas/server.js';
import { request } from '../api/request.js';
import { Badge } from '../parts/badge.js';
import { Loaded } from '../parts/loaded.js';
import { useResource } from '../parts/resource.js';
import { countText, plural, sizeText } from '../parts/sizes.js';
import { distance, fullTime } from '../parts/time.js';
import { useTitle } from '../shell/title.js';

type Node = NodeList['nodes'][number];

/** How often the page looks again, in milliseconds: as often as a node says that it lives. */
const EVERY_MS = 5_000;

const KINDS = { running: 'good', draining: 'busy', silent: 'bad' } as const;

/** The servers that share the store: which ones run, their version, and what they have in hand. */
export function NodesPage(): VNode {
  useTitle('Nodes');
  const list = useResource('nodes', (signal) => request<NodeList>('GET', '/api/v1/nodes', { signal }));
  useEffect(() => {
    const timer = setInterval(() => void list.reload(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="page">
      <header class="page-head">
        <h1>Nodes</h1>
      </header>
      <Loaded from={list}>
        {({ nodes }) => (
          <>
            <p>
              {plural(nodes.length, 'server')} on this store
              {new Set(nodes.map(({ version }) => version)).size > 1 && ', with different versions'}.
            </p>
            <NodeTable nodes={nodes} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function NodeTable({ nodes }: { readonly nodes: readonly Node[] }): VNode {
  return (
    <table class="table table-blocks">
      <thead>
        <tr>
          <th scope="col">Server</th>
          <th scope="col">State</th>
          <th scope="col">Connections</th>
          <th scope="col">Delivering</th>
          <th scope="col">Processor</th>
          <th scope="col">Memory</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map(({ id, name, process, version, state, startedAt, seenAt, load }) => (
          <tr key={id}>
            <th scope="row">
              {name}
              <div class="soft small">
                process {process}, version {version}, started{' '}
                <span title={fullTime(startedAt)}>{distance(startedAt)}</span>
              </div>
            </th>
            <td>
              <Badge kind={KINDS[state]}>{state}</Badge>
              {state === 'silent' && <div class="soft small">last heard of {distance(seenAt)}</div>}
            </td>
            <td data-label="Connections">{countText(load.connections)}</td>
            <td data-label="Delivering">{plural(load.delivering, 'message')}</td>
            <td data-label="Processor">{Math.round(load.cpu * 100)} %</td>
            <td data-label="Memory">{sizeText(load.memory)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
