import type { VNode } from 'preact';
import type { MessageRecordBody } from '../../api/schemas/message.js';
import { Icon } from '../parts/icon.js';
import { sizeText } from '../parts/sizes.js';

type Shown = NonNullable<MessageRecordBody['content']>;

/** The attachments, and all parts that the message is made of. */
export function AttachmentsView(props: { readonly id: number; readonly content: Shown }): VNode {
  const { id, content } = props;
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col" class="number">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {content.attachments.map(({ part, name, contentType, size, inline }) => (
            <tr key={part}>
              <td>
                <a class="attachment" href={`/api/v1/messages/${id}/parts/${part}`} download={name}>
                  <Icon name="attachment" />
                  {name}
                </a>
              </td>
              <td class="mono">
                {contentType}
                {inline && <span class="soft"> within the HTML</span>}
              </td>
              <td class="number">{sizeText(size)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <details class="all-parts">
        <summary>All parts</summary>
        <table>
          <tbody>
            {content.parts.map(({ number, type, encoding, size }) => (
              <tr key={number}>
                <td class="mono">{number}</td>
                <td class="mono">
                  {size === null ? (
                    type
                  ) : (
                    <a href={`/api/v1/messages/${id}/parts/${number}`} download>
                      {type}
                    </a>
                  )}
                </td>
                <td class="soft">{encoding === 'identity' ? '' : encoding}</td>
                <td class="number">{size === null ? '' : sizeText(size)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}
