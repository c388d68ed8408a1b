// The questions of store-listing.mjs. Each gives a number of rows: found messages, hours or days, tags.
const DAY = 24 * 3_600_000;
const YEAR = 365 * DAY;
/** The first millisecond and the number of ids in a millisecond, as `src/store/intake/ids.ts` has them. */
const EPOCH = Date.UTC(2025, 0, 1);
const IDS = 4096;

const text = (words) => ({ kind: 'text', text: words, negated: false });
const phrase = (words) => ({ kind: 'phrase', text: words, negated: false });
const not = (term) => ({ ...term, negated: true });

/**
 * @param collect returns a page of a filter, as the API does
 */
export function questionsOf({ collect, messages, end, domainName, tagName, DOMAINS, TAGS }) {
  const domain = (turn) => domainName((turn * 7) % DOMAINS);
  const tag = (turn) => tagName((turn * 13) % TAGS);
  const day = (turn) => end - YEAR + ((turn * 37) % 364) * DAY;
  /** The message that came in after this share of the year. */
  const idAt = (share) => Math.floor(end - YEAR + share * YEAR - EPOCH) * IDS;
  const number = (turn) => Math.floor((messages * ((turn * 61) % 100)) / 100);

  const filters = {
    'no filter': () => ({}),
    domain: (turn) => ({ domains: [domain(turn)] }),
    'three domains': (turn) => ({ domains: [1, 2, 3].map((each) => domain(turn + each)) }),
    tag: (turn) => ({ tags: [tag(turn)] }),
    'status=bounced': () => ({ statuses: ['bounced'] }),
    'status=delivered': () => ({ statuses: ['delivered'] }),
    'since and until, one day': (turn) => ({ since: day(turn), until: day(turn) + DAY }),
    'until, months ago': (turn) => ({ until: day(turn) }),
    'from=': (turn) => ({ from: `app@${domain(turn)}` }),
    'to=, one user': (turn) => ({ to: `user${(turn * 7919) % 100_000}@` }),
    'to=, one domain': (turn) => ({ to: `customer${(turn * 31) % 997}.example.net` }),
    'subject=, a common word': () => ({ subject: 'invoice' }),
    'domain, status': (turn) => ({ domains: [domain(turn)], statuses: ['bounced'] }),
    'domain, tag': (turn) => ({ domains: [domain(turn)], tags: [tag(turn)] }),
    'tag, status': (turn) => ({ tags: [tag(turn)], statuses: ['bounced'] }),
    'two tags': (turn) => ({ tags: [tag(turn), tag(turn + 1)] }),
    'domain, tag, status': (turn) => ({ domains: [domain(turn)], tags: [tag(turn)], statuses: ['bounced'] }),
    'domain, one day': (turn) => ({ domains: [domain(turn)], since: day(turn), until: day(turn) + DAY }),
    'tag, one day': (turn) => ({ tags: [tag(turn)], since: day(turn), until: day(turn) + DAY }),
    'search: in every message': () => ({ search: [text('example')] }),
    'search: a common word': () => ({ search: [text('invoice')] }),
    'search: two common words': () => ({ search: [text('invoice'), text('password')] }),
    'search: a rare word': (turn) => ({ search: [text(`word${1500 + turn}`)] }),
    'search: one message': (turn) => ({ search: [text(String(number(turn)))] }),
    'search: no message': (turn) => ({ search: [text(`absent${turn}`)] }),
    'search: one letter': (turn) => ({ search: [text('abcdefghijklmnopqrstuvwxyz'[turn % 26])] }),
    'search: a phrase': () => ({ search: [phrase('password reset')] }),
    'search: a phrase that is not there': () => ({ search: [phrase('example invoice')] }),
    'search: a common word, not another': () => ({ search: [text('invoice'), not(text('password'))] }),
    'search: a common word, domain': (turn) => ({ search: [text('invoice')], domains: [domain(turn)] }),
    'search: a common word, tag, status': (turn) => ({
      search: [text('invoice')],
      tags: [tag(turn)],
      statuses: ['bounced'],
    }),
    'search: a common word, months ago': (turn) => ({ search: [text('invoice')], until: day(turn) }),
  };

  const pages = Object.entries(filters).flatMap(([name, filter]) => {
    const ask = (before) => async (_, turn) => (await collect(filter(turn), before)).messages.length;
    const first = { name, ask: ask() };
    return name.includes('months') || name.includes('day')
      ? [first]
      : [first, { name: `${name}; deep`, ask: ask(idAt(0.2)) }];
  });

  const year = { unit: 'day', since: end - YEAR, until: end };
  const weeks = { unit: 'hour', since: end - 42 * DAY, until: end };
  const spans = Object.entries({ 'a year by day': year, 'six weeks by hour': weeks });
  const statistics = spans.flatMap(([name, span]) =>
    Object.entries({
      '': () => ({}),
      ', domain': (turn) => ({ domain: domain(turn) }),
      ', tag': (turn) => ({ tag: tag(turn) }),
      ', domain, tag': (turn) => ({ domain: domain(turn), tag: tag(turn) }),
    }).map(([suffix, where]) => ({
      name: `statistics: ${name}${suffix}`,
      ask: async ({ statistics }, turn) =>
        (await statistics.counts('all', { ...span, ...where(turn) })).length,
    })),
  );
  return [
    ...pages,
    ...statistics,
    {
      name: 'tags with counts',
      ask: async (store) => (await store.statistics.tags('all', { limit: 201 })).length,
    },
    {
      name: 'tags with counts, domain',
      ask: async (store, turn) =>
        (await store.statistics.tags('all', { domain: domain(turn), limit: 201 })).length,
    },
    {
      name: 'slowest destinations, a year',
      ask: async (store) =>
        (await store.statistics.destinations('all', { since: year.since, until: end, limit: 20 })).length,
    },
  ];
}
