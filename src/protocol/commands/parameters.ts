import { Fault } from '../../base/fault.js';
import type { ParameterContext } from '../extensions/extension.js';
import { type MailParameters, PARAMETERS, type RcptParameters } from '../extensions/index.js';

/** A parameter that is wrong, and why, for the client. */
export class ParameterFault {
  constructor(
    readonly parameter: string,
    /** Null if the keyword itself is unknown. */
    readonly reason: string | null,
  ) {}
}

// RFC 5321 4.1.2
//   esmtp-param    = esmtp-keyword ["=" esmtp-value]
//   esmtp-keyword  = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
//   esmtp-value    = 1*(%d33-60 / %d62-126) ; RFC 6531 3.3 adds UTF8-non-ascii
const PARAMETER = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=((?:[!-<>-~]|[^\0-\x7f])*))?$/u;

/** The parameters of each command that has some. */
export interface ParametersOf {
  readonly MAIL: MailParameters;
  readonly RCPT: RcptParameters;
}

/** Parses the text after a path: parameters, with spaces between. */
export function parseParameters<Name extends keyof ParametersOf>(
  command: Name,
  text: string,
  context: ParameterContext,
): ParametersOf[Name] | ParameterFault {
  let parsed: object = {};
  const seen = new Set<string>();
  for (const word of text.split(' ')) {
    if (word === '') continue;
    const match = PARAMETER.exec(word);
    if (match === null) return new ParameterFault(keywordOf(word), 'expected keyword or keyword=value');
    const keyword = (match[1] as string).toUpperCase();
    const row = Object.hasOwn(PARAMETERS, keyword) ? PARAMETERS[keyword] : undefined;
    if (row === undefined || row.command !== command || !context.offered.has(row.extension)) {
      if (context.unknownParameters === 'accept') continue;
      return new ParameterFault(keyword, null);
    }
    if (seen.has(keyword)) return new ParameterFault(keyword, 'given twice');
    seen.add(keyword);
    const result = row.parse(match[2] ?? null, context);
    if (result instanceof Fault) return new ParameterFault(keyword, result.reason);
    parsed = { ...parsed, ...result };
  }
  return parsed;
}

/**
 * Returns the keyword of the first parameter in a text, or `?` if the text does not begin with a keyword. The value is
 * left out, since it may be secret.
 */
export function keywordOf(text: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9-]*/.exec(text)?.[0].toUpperCase() ?? '?';
}
