// Invariant: for any input of a client, the reply codes of Postfix's smtpd and of this server are the same,
// or the difference stands in DIFFERENCES with its reason.
//
// Runs where Debian's postfix is installed and the user is root; elsewhere it is skipped, and says why.
// POSTERN_DIFFERENTIAL sets how many generated dialogues are compared (60).
import { afterAll, describe, expect, it } from 'vitest';
import { SessionHarness } from '../protocol/session-harness.js';
import { type Dialogue, generated, WRITTEN } from './dialogues.js';
import { DIFFERENCES } from './differences.js';
import { Smtpd } from './smtpd.js';

const GENERATED = Number(process.env['POSTERN_DIFFERENTIAL'] ?? 60);
/** Dialogues that Postfix is asked at one time. */
const AT_ONCE = 4;

const postfix = await Smtpd.begin();
const missing = typeof postfix === 'string' ? postfix : '';

afterAll(() => {
  if (typeof postfix !== 'string') postfix.end();
});

/** Runs the core alone, without TLS and AUTH, since Postfix's stand-alone mode offers neither. */
function ours({ turns }: Dialogue): number[] {
  const harness = new SessionHarness({ profile: { mechanisms: [] } }).begin();
  for (const { octets } of turns) harness.feed(octets);
  return harness.codes;
}

/** What a dialogue got from both, where it differs: `line: theirs, ours`. */
function compare({ turns }: Dialogue, theirs: readonly number[], mine: readonly number[]): string[] {
  const lines = turns.flatMap(({ octets, replies }) =>
    replies === 1 ? [octets.trimEnd()] : octets.trimEnd().split('\r\n'),
  );
  // The greeting comes first.
  return ['', ...lines].flatMap((line, i) =>
    theirs[i] === mine[i] ? [] : [`${printable(line)}: ${theirs[i] ?? 'closed'}, ${mine[i] ?? 'closed'}`],
  );
}

function printable(line: string): string {
  return line.replace(/[^ -~]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16)}`);
}

describe.skipIf(missing !== '')(`beside Postfix's smtpd${missing === '' ? '' : `: ${missing}`}`, () => {
  const used = new Set<string>();

  async function differences(dialogue: Dialogue): Promise<string[]> {
    if (typeof postfix === 'string') throw new Error(postfix);
    const found = compare(dialogue, await postfix.codes(dialogue), ours(dialogue));
    for (const difference of found) used.add(difference);
    return found.filter((difference) => !DIFFERENCES.has(difference));
  }

  it.concurrent.each(WRITTEN.map((dialogue) => [dialogue.name, dialogue] as const))(
    '%s',
    async (_, dialogue) => {
      expect(await differences(dialogue)).toEqual([]);
    },
  );

  it(`${GENERATED} dialogues in any order`, { timeout: 300_000 }, async () => {
    const seeds = Array.from({ length: GENERATED }, (_, seed) => seed);
    while (seeds.length > 0) {
      const batch = seeds.splice(0, AT_ONCE).map(generated);
      const found = await Promise.all(batch.map(differences));
      expect(found).toEqual(batch.map(() => []));
    }
  });

  it('every difference that is listed is one', () => {
    expect([...DIFFERENCES.keys()].filter((difference) => !used.has(difference))).toEqual([]);
  });
});
