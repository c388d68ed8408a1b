import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { StatisticsBody } from '../../api/schemas/statistics.js';
import { deliveryTimeText, shareText } from '../charts/formats.js';
import { countedUrl } from '../messages/counted.js';
import { countText } from '../parts/sizes.js';

type Destination = StatisticsBody['slowestDestinations'][number];
type Order = 'slow' | 'failing';

/** The server's name for those that it counts together. */
const OTHER = ',other';
const SHOWN = 10;

interface DestinationsProps {
  readonly statistics: StatisticsBody;
  /** Empty: all sending domains. */
  readonly domain: string;
}

/** Receiving domains: the slowest, or those that refuse most. */
export function Destinations({ statistics, domain }: DestinationsProps): VNode {
  const order = useSignal<Order>('slow');
  const { slowestDestinations } = statistics;
  const shown =
    order.value === 'slow'
      ? slowestDestinations
      : slowestDestinations
          .filter(({ bounced, deferred }) => bounced + deferred > 0)
          .sort((a, b) => failing(b) - failing(a));
  return (
    <section class="card">
      <div class="row">
        <h2>Destinations</h2>
        <div class="segments" role="group" aria-label="Which destinations">
          {(['slow', 'failing'] as const).map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={order.value === each}
              onClick={() => (order.value = each)}
            >
              {each === 'slow' ? 'Slowest' : 'Failing'}
            </button>
          ))}
        </div>
      </div>
      <p class="soft small">Recipients, by whole days (UTC)</p>
      {shown.length === 0 ? (
        <p class="soft">
          {order.value === 'slow' ? 'Nothing was delivered yet.' : 'None refuses or defers mail.'}
        </p>
      ) : (
        <div class="table-scroll">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Domain of recipients</th>
                <th scope="col" class="number">
                  Delivered
                </th>
                <th scope="col" class="number">
                  Deferred
                </th>
                <th scope="col" class="number">
                  Bounced
                </th>
                <th scope="col" class="number">
                  95 % within
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, SHOWN).map((destination) => (
                <DestinationRow
                  key={destination.destination}
                  destination={destination}
                  href={countedUrl('day', statistics.since, {
                    search: `to:"${destination.destination}"`,
                    domain: domain === '' ? [] : [domain],
                  })}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function DestinationRow(props: { readonly destination: Destination; readonly href: string }): VNode {
  const { destination: each, href } = props;
  const { destination, delivered, deferred, bounced, timeToDelivery } = each;
  const ended = delivered + bounced;
  return (
    <tr>
      <th scope="row">{destination === OTHER ? 'all others' : <a href={href}>{destination}</a>}</th>
      <td class="number">{countText(delivered)}</td>
      <td class="number">{countText(deferred)}</td>
      <td class="number">
        {countText(bounced)}
        {bounced > 0 && <span class="soft"> ({shareText(bounced / ended)})</span>}
      </td>
      <td class="number">{timeToDelivery.p95 === null ? '–' : deliveryTimeText(timeToDelivery.p95)}</td>
    </tr>
  );
}

function failing({ delivered, deferred, bounced }: Destination): number {
  return (bounced + deferred) / (delivered + bounced + deferred);
}
