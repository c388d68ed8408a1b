import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { LinkList } from '../../api/schemas/message.js';
import { problemOf } from '../api/refusal.js';
import { request } from '../api/request.js';
import { CodeBlock } from '../parts/code-block.js';
import { Notice } from '../parts/notice.js';
import { SafeLink } from '../parts/safe-link.js';

/** The links in the message, and what looks like a one-time code: what a person tests sign-up mail with. */
export function LinksView({ id }: { readonly id: number }): VNode | null {
  const found = useSignal<LinkList | null>(null);
  const problem = useSignal<unknown>(null);
  useEffect(() => {
    request<LinkList>('GET', `/api/v1/messages/${id}/links`).then(
      (list) => (found.value = list),
      (error: unknown) => (problem.value = error),
    );
  }, [id]);
  if (problem.value !== null) return <Notice kind="bad" title={problemOf(problem.value)} />;
  if (found.value === null) return null;
  const { links, codes } = found.value;
  if (links.length + codes.length === 0) return <p class="soft">There is no link in this message.</p>;
  return (
    <>
      {codes.map((code) => (
        <div key={code} class="one-time-code">
          <p class="soft small">Looks like a one-time code</p>
          <CodeBlock code={code} what="the code" />
        </div>
      ))}
      <table>
        <tbody>
          {links.map(({ url, text }, index) => (
            <tr key={index}>
              <td>{text}</td>
              <td class="mono">
                <SafeLink url={url}>{url}</SafeLink>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
