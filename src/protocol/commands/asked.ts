import { decodeUtf8 } from '../../base/octets.js';
import type { CommandLine } from '../events.js';
import { type Meaning, Refused } from './interpret.js';

/** The meaning of a line that a handler is asked about. */
export type AskedMeaning = Exclude<Meaning, 'body'>;

/** Octets of a verb that are worth reporting. */
const VERB = 16;

/** Returns the first word of a line, in capitals. */
export function verbIn(line: string): string {
  const [word] = line.slice(0, VERB).split(' ', 1);
  return (word as string).toUpperCase();
}

/** Returns a line as a handler sees it: its verb and what follows it; with AUTH the mechanism alone. */
export function commandLine(line: string): CommandLine {
  const verb = verbIn(line);
  const space = line.indexOf(' ');
  const argument = space < 0 ? '' : line.slice(space + 1);
  if (verb === 'AUTH') return { verb, argument: argument.split(' ', 1)[0] as string };
  return { verb, argument: decodeUtf8(argument) ?? argument };
}

/** Returns the content that follows a command, whatever it is answered with. */
export function followsOf(meaning: AskedMeaning): Refused['follows'] {
  if (meaning instanceof Refused) return meaning.follows;
  return meaning !== 'notSmtp' && meaning.verb === 'BDAT' ? meaning.chunk : null;
}
