import type { VNode } from 'preact';
import type { MessageRecordBody } from '../../api/schemas/message.js';

type Headers = NonNullable<MessageRecordBody['content']>['headers'];

/** The header fields, decoded. */
export function HeadersView({ headers }: { readonly headers: Headers }): VNode {
  return (
    <table class="headers">
      <thead class="unseen">
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {headers.map(({ name, value }, index) => (
          <tr key={index}>
            <th scope="row">{name}</th>
            <td class="mono">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
