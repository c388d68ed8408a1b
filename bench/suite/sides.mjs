// Measurements that are no scenarios, each made by a script beside this folder.
import { fileURLToPath } from 'node:url';
import { generate, has, machineTime, stolenSince } from './processes.mjs';
import { stolenText } from './text.mjs';

const script = (name) => fileURLToPath(new URL(`../${name}.mjs`, import.meta.url));

export const SIDES = [
  {
    id: 'idle',
    title: '10,000 idle connections',
    command: [script('idle'), '10000'],
    few: [script('idle'), '500', '1'],
    read({ kibibytes: { beyond } }) {
      return beyond.map(({ kind, resident, heap }) => ({
        text: `${kind}: ${resident.toFixed(2)} KiB resident beyond the null server's own for a connection, ${heap.toFixed(2)} KiB of heap`,
        ...(kind === 'library'
          ? { goal: { most: 8, found: resident, name: 'KiB of the library beyond the null server' } }
          : {}),
      }));
    },
  },
  {
    id: 'slow-clients',
    title: '2,000 clients of one octet per ten seconds',
    command: [script('slow-clients'), '2000', '7'],
    few: [script('slow-clients'), '100', '1', '1'],
    read({ goodput, cost }) {
      return [
        {
          text: `messages a second of honest clients beside them, to alone: ${goodput.toFixed(2)}`,
          goal: { least: 0.9, found: goodput },
        },
        { text: `processor time of the server for a message, likewise: ${cost.toFixed(2)}` },
      ];
    },
  },
  {
    id: 'store-growth',
    title: 'Durable commits into a store of 1,000 to 1,000,000 messages',
    command: [script('store-growth'), '1000000'],
    few: [script('store-growth'), '1000'],
    read({ points }) {
      return points.map(({ kept, perSecond, listing }) => ({
        text: `${kept} kept: ${perSecond.toFixed(0)} commits a second, ${(perSecond / points[0].perSecond).toFixed(2)} of the first; the newest 50 in ${listing.toFixed(2)} ms`,
      }));
    },
  },
  {
    id: 'delivery',
    title: 'Delivery to a sink, to durable accepts',
    missing: () => (has('smtp-sink') && has('smtp-source') ? null : 'no smtp-sink (Debian: postfix)'),
    command: [script('delivery'), '10000', '3'],
    few: [script('delivery'), '300', '1'],
    read({ alone, beside }) {
      return [
        {
          text: `messages a second delivered, to accepted, each alone: ${alone.toFixed(2)}`,
          goal: { least: 0.33, found: alone },
        },
        {
          text: `of messages accepted, delivered by the time that all are accepted: ${beside.toFixed(2)}`,
          goal: { least: 0.33, found: beside },
        },
      ];
    },
  },
];

/** Runs one, and says what it found; with no goal where it was too short to say anything of speed. */
export async function measureSide({ id, title, missing, command, few, read }, quick) {
  const lacking = missing?.() ?? null;
  if (lacking !== null) return { id, title, findings: [{ text: `left out: ${lacking}` }] };
  // Not held to one core: the store has a thread of its own, and slow clients another process.
  const began = machineTime();
  const { stdout } = await generate(['node', ...(quick ? few : command), '--json'], { unpinned: true });
  const findings = read(JSON.parse(stdout.trim().split('\n').at(-1)));
  const stolen = stolenSince(began);
  return { id, title, findings: quick ? findings.map(({ text }) => ({ text })) : findings, stolen };
}

export function sideText({ title, findings, stolen }) {
  const lines = [...findings.map(findingText), ...stolenText(stolen)];
  return ['', title, ...lines.map((line) => `  ${line}`)].join('\n');
}

export function findingText({ text, goal }) {
  if (goal === undefined) return text;
  const { least, most, found } = goal;
  const met = least === undefined ? found <= most : found >= least;
  return `${met ? 'reached' : 'SHORT  '} ${text} (goal ${least === undefined ? `at most ${most}` : `at least ${least}`})`;
}
