// The scenarios of the suite. A scenario is one kind of load, the contestants that can take it, and what Postern is to reach.

/**
 * One load on one contestant.
 *
 * @typedef {object} Run
 * @property {string} name unique in its scenario, as results have it
 * @property {string} contestant
 * @property {string[]} load options of `postern bench`
 * @property {{ tls?: 'implicit' | 'optional', auth?: boolean }} needs what the contestant is started with
 *
 * @typedef {{ subject: string, against: string, least: number, withinSpread?: boolean }} Goal `withinSpread`: the ratio may be less by its spread
 *
 * @typedef {object} Scenario
 * @property {string} id
 * @property {string} title
 * @property {Run[]} runs
 * @property {Goal[]} goals ratios of messages a second, by names of runs
 * @property {boolean} [halfRate] measured is the latency of an open loop at half of each one's own greatest rate
 * @property {number} few messages that are enough to see that it works
 * @property {number} [warmup] seconds of load that is not counted, where the usual ones are too few
 * @property {string[]} [witness] the same load as options of Postfix's smtp-source, to check the generator by
 */

const DROPPING = ['null', 'postern', 'smtp-server', 'haraka', 'smtp-sink', 'aiosmtpd'];
/** Connections where nothing else is said: enough to keep one core busy, too few to queue for long. */
const MANY = ['--connections', '20'];
const EACH_ITS_CONNECTION = [...MANY, '--per-connection', '1'];

const SHORT = ['--size', '500'];

const goal = (against, least, subject = 'postern') => ({ subject, against, least });
/** The same load for each. */
const each = (who, load, needs = {}) => who.map((contestant) => run(contestant, load, needs));
const run = (contestant, load, needs = {}, name = contestant) => ({ name, contestant, load, needs });

/**
 * Seconds. A server's code is compiled after some thousands of messages, and until then costs half as much again:
 * handshakes leave time for a few hundred a second, and the gateway has the most code.
 */
const LONG_WARMUP = 5;

const IMPLICIT = { tls: 'implicit' };
const OPTIONAL = { tls: 'optional' };

/** @type {Scenario[]} */
export const SCENARIOS = [
  {
    id: 'short',
    few: 1000,
    title: 'Short messages on kept connections',
    runs: each([...DROPPING, 'gateway'], [...MANY, ...SHORT]),
    goals: [goal('null', 0.9), goal('smtp-server', 1.6)],
    witness: ['-d', '-s', '20', '-l', '500'],
  },
  {
    id: 'connections',
    few: 300,
    title: 'A new connection for each message',
    runs: each(DROPPING, [...EACH_ITS_CONNECTION, ...SHORT]),
    goals: [goal('null', 0.85), goal('smtp-server', 8)],
    witness: ['-s', '20', '-l', '500'],
  },
  {
    id: '64k',
    few: 200,
    title: '64 KiB messages',
    runs: each(DROPPING, [...MANY, '--size', '64k']),
    goals: [goal('null', 0.75), goal('smtp-server', 2), goal('smtp-sink', 2.5)],
    witness: ['-d', '-s', '20', '-l', '65536'],
  },
  {
    id: '1m',
    few: 20,
    title: '1 MiB messages',
    runs: each(DROPPING, [...MANY, '--size', '1m']),
    goals: [goal('null', 0.75), goal('smtp-server', 1.4), goal('smtp-sink', 2.5)],
    witness: ['-d', '-s', '20', '-l', '1048576'],
  },
  {
    id: 'pipelined',
    few: 1000,
    title: 'Short messages, commands in groups',
    runs: [
      ...each(['null', 'postern', 'smtp-sink'], [...MANY, ...SHORT, '--pipelining']),
      run('postern', [...MANY, ...SHORT], {}, 'postern lock-step'),
    ],
    goals: [goal('postern lock-step', 2)],
  },
  {
    id: 'bdat',
    few: 200,
    title: '64 KiB messages by BDAT',
    runs: [
      ...each(['null', 'postern'], [...MANY, '--size', '64k', '--bdat']),
      run('postern', [...MANY, '--size', '64k'], {}, 'postern DATA'),
    ],
    goals: [],
  },
  {
    id: 'auth',
    few: 200,
    title: 'AUTH and one message for each connection',
    runs: each(['postern', 'smtp-server', 'gateway'], [...EACH_ITS_CONNECTION, ...SHORT], { auth: true }),
    goals: [],
  },
  {
    id: 'recipients',
    few: 100,
    title: '50 recipients for each message',
    runs: each(DROPPING, [...MANY, ...SHORT, '--recipients', '50']),
    goals: [],
  },
  ...[
    ['', 'a full', []],
    ['-resumed', 'a resumed', ['--tls-resume']],
  ].flatMap(([suffix, kind, resume]) => [
    {
      id: `tls${suffix}`,
      few: 60,
      warmup: LONG_WARMUP,
      title: `Implicit TLS, ${kind} handshake for each message`,
      runs: each(['tls', 'postern', 'smtp-server'], [...EACH_ITS_CONNECTION, ...SHORT, ...resume], IMPLICIT),
      goals: suffix === '' ? [goal('tls', 0.9)] : [],
    },
    {
      id: `starttls${suffix}`,
      few: 60,
      warmup: LONG_WARMUP,
      title: `STARTTLS, ${kind} handshake for each message`,
      runs: [
        // It has no STARTTLS: its clients save a hello, a command and three replies.
        run('tls', [...EACH_ITS_CONNECTION, ...SHORT, ...resume], IMPLICIT),
        // The same, behind a canned dialogue up to its STARTTLS.
        run('tls', [...EACH_ITS_CONNECTION, ...SHORT, '--starttls', ...resume], OPTIONAL, 'tls by STARTTLS'),
        ...each(
          ['postern', 'smtp-server'],
          [...EACH_ITS_CONNECTION, ...SHORT, '--starttls', ...resume],
          OPTIONAL,
        ),
      ],
      goals: suffix === '' ? [goal('tls', 0.9), goal('tls by STARTTLS', 0.9)] : [],
    },
  ]),
  ...[1, 10, 50, 200].map((connections) => ({
    id: `durable-${connections}`,
    few: 300,
    warmup: LONG_WARMUP,
    title: `Kept before the 250, ${connections} connection${connections === 1 ? '' : 's'}`,
    runs: each(['postern', 'gateway', 'postfix'], ['--connections', String(connections), '--size', '1k']),
    goals: connections === 50 ? [goal('postfix', 6, 'gateway'), goal('postern', 0.5, 'gateway')] : [],
  })),
  {
    id: 'latency',
    title: 'Latency at half of the greatest rate, messages by chance (Poisson)',
    few: 300,
    halfRate: true,
    runs: each(['null', 'postern', 'gateway', 'smtp-server', 'smtp-sink'], [...MANY, ...SHORT]),
    goals: [],
  },
  ...[1, 4, 16, 64].map((times) => ({
    id: `growth-${times}x`,
    few: 1000,
    warmup: LONG_WARMUP,
    title: `Short messages, ${times * 10} connections`,
    runs: each(['null', 'postern', 'gateway'], ['--connections', String(times * 10), ...SHORT]),
    goals: [],
  })),
];
