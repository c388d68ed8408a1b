import './key-list.css';
import type { VNode } from 'preact';
import { Dialog } from '../parts/dialog.js';
import { KeyNames } from './key-names.js';
import { keysInForce, type KeyLayer } from './keys.js';

/** The keys that work on this page, and what each does. */
export function KeyList({ onClose }: { readonly onClose: () => void }): VNode {
  return (
    <Dialog title="Keys" wide onClose={onClose}>
      <div class="key-list">
        {byTitle(keysInForce.value).map(([title, layers]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {layers.flatMap(({ keys }) =>
                Object.entries(keys).map(
                  ([key, { label }]) =>
                    label !== undefined && (
                      <div key={key}>
                        <dt>{label}</dt>
                        <dd>
                          <KeyNames keys={key} />
                        </dd>
                      </div>
                    ),
                ),
              )}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

function byTitle(layers: readonly KeyLayer[]): (readonly [title: string, layers: readonly KeyLayer[]])[] {
  const titles = [...new Set(layers.map(({ title }) => title))];
  return titles.map((title) => [title, layers.filter((layer) => layer.title === title)]);
}
