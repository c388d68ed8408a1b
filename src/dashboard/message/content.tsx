import './content.css';
import type { VNode } from 'preact';
import type { MessageRecordBody } from '../../api/schemas/message.js';
import { Notice } from '../parts/notice.js';
import { countText } from '../parts/sizes.js';
import { go, path, query } from '../router/location.js';
import { AttachmentsView } from './attachments-view.js';
import { HeadersView } from './headers-view.js';
import { HtmlView } from './html-view.js';
import { LinksView } from './links-view.js';
import { SourceView } from './source-view.js';
import { TextView } from './text-view.js';

type Shown = NonNullable<MessageRecordBody['content']>;

interface View {
  readonly name: string;
  readonly title: string;
  readonly count?: number;
}

/** Shows the content of the message, in several views. The view stands in the URL. */
export function Content({ message }: { readonly message: MessageRecordBody }): VNode {
  const { content, contentRemoved, unreadable, id } = message;
  if (contentRemoved) {
    return <Notice kind="info" title="The content was removed: it is older than what is kept" />;
  }
  const views = viewsOf(content);
  const asked = new URLSearchParams(query.value).get('view');
  const shown = views.find(({ name }) => name === asked) ?? views[0];
  return (
    <section class="content" aria-label="Content">
      {unreadable !== null && (
        <Notice kind="warning" title={`The content cannot be taken apart: ${unreadable}`}>
          <p>The source shows its octets.</p>
        </Notice>
      )}
      <div class="tabs" role="tablist" aria-label="Views of the content">
        {views.map(({ name, title, count }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={name === shown?.name}
            aria-controls="view"
            onClick={() => go(`${path.value}?view=${name}`, { replace: true })}
          >
            {title}
            {count !== undefined && <span class="tab-count">{countText(count)}</span>}
          </button>
        ))}
      </div>
      <div
        class="view"
        id="view"
        role="tabpanel"
        aria-labelledby={`tab-${shown?.name ?? ''}`}
        key={shown?.name}
      >
        {shown !== undefined && viewOf(shown.name, id, content)}
      </div>
    </section>
  );
}

function viewsOf(content: Shown | null): View[] {
  if (content === null) return [{ name: 'source', title: 'Source' }];
  return [
    ...(content.html === null ? [] : [{ name: 'html', title: 'HTML' }]),
    ...(content.text === null ? [] : [{ name: 'text', title: 'Text' }]),
    ...(content.attachments.length === 0
      ? []
      : [{ name: 'attachments', title: 'Attachments', count: content.attachments.length }]),
    { name: 'links', title: 'Links' },
    { name: 'headers', title: 'Headers' },
    { name: 'source', title: 'Source' },
  ];
}

function viewOf(name: string, id: number, content: Shown | null): VNode | null {
  if (name === 'source' || content === null) return <SourceView id={id} />;
  switch (name) {
    case 'html':
      return <HtmlView id={id} html={content.html ?? ''} />;
    case 'text':
      return <TextView text={content.text ?? ''} truncated={content.truncated} />;
    case 'attachments':
      return <AttachmentsView id={id} content={content} />;
    case 'links':
      return <LinksView id={id} />;
    case 'headers':
      return <HeadersView headers={content.headers} />;
    default:
      return null;
  }
}
