import type { ErrorBody } from '../../api/schemas/errors.js';

/** An error that the API answered with. The message is for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(textOf(body));
  }
}

/** No answer came: the server or the network is down. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';

  constructor(options?: ErrorOptions) {
    super('The server cannot be reached', options);
  }
}

/** Returns what to say to a person about a request that failed. */
export function problemOf(error: unknown): string {
  return error instanceof Refusal || error instanceof Unreachable ? error.message : String(error);
}

function textOf({ error, errors }: ErrorBody): string {
  if (errors === undefined) return error;
  const fields = Object.entries(errors).map(([field, problems]) => sentenceOf(field, problems.join(', ')));
  return fields.length === 0 ? error : fields.join('; ');
}

/**
 * Returns a sentence about a field, by the words that a person knows: `The URL cannot be …`, from `url` and `cannot be …`.
 * Of `entries.0.address` the last word says what it is.
 */
function sentenceOf(field: string, problem: string): string {
  const last = field.split('.').findLast((part) => !/^\d+$/.test(part)) ?? field;
  const words = last
    .replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/^url$/, 'URL');
  // The server's own words go on with the sentence; those of the check of types are sentences.
  return /^[A-Z]/.test(problem) ? `The ${words}: ${problem}` : `The ${words} ${problem}`;
}
