import type { VNode } from 'preact';
import { queryOf } from '../api/request.js';
import { shareText } from '../charts/formats.js';
import { type Span, statisticsQuery } from '../charts/span.js';
import { Loaded } from '../parts/loaded.js';
import { useResource } from '../parts/resource.js';
import { countText } from '../parts/sizes.js';
import { allTagStatistics } from '../tags/tag-statistics.js';

const SHOWN = 8;

/** The tags with most messages, and how much of them bounces. */
export function TopTags({ span, domain }: { readonly span: Span; readonly domain: string }): VNode {
  const tags = useResource(`${span.name} ${domain}`, (signal) =>
    allTagStatistics(statisticsQuery(span, domain), signal),
  );
  const query = { span: span.name, domain: domain || undefined };
  return (
    <section class="card">
      <div class="row">
        <h2>Top tags</h2>
        <a href={`/tags${queryOf(query)}`}>Compare all</a>
      </div>
      <Loaded from={tags}>
        {({ tags: found }) => {
          const top = found.filter(({ accepted }) => accepted > 0).sort((a, b) => b.accepted - a.accepted);
          return top.length === 0 ? (
            <p class="soft">No tagged mail in this time. Apps tag mail by the header X-OMS-Tags.</p>
          ) : (
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">Tag</th>
                  <th scope="col" class="number">
                    Messages
                  </th>
                  <th scope="col" class="number">
                    Bounced
                  </th>
                </tr>
              </thead>
              <tbody>
                {top.slice(0, SHOWN).map(({ tag, accepted, bounceRate }) => (
                  <tr key={tag}>
                    <th scope="row">
                      <a href={`/tags${queryOf({ ...query, tag })}`}>{tag}</a>
                    </th>
                    <td class="number">{countText(accepted)}</td>
                    <td class="number">{bounceRate === null ? '–' : shareText(bounceRate)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          );
        }}
      </Loaded>
    </section>
  );
}
