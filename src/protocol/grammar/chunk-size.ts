/** The declaration of a BDAT command. */
export interface ChunkSize {
  /** Octets that follow the command line. */
  readonly size: number;
  /** It is the last chunk of its message. */
  readonly last: boolean;
}

// RFC 3030 2 bdat-cmd ::= "BDAT" SP chunk-size [ SP end-marker ] CR LF chunk-size ::= 1*DIGIT end-marker ::= "LAST"
// Leading zeros are allowed and mean nothing. Fifteen digits can be counted exactly; no client sends a petabyte in one
// chunk.
const CHUNK = /^0*(\d{1,15})(?: (LAST))?$/i;

// The end of a chunk is known if the first word is a number, whatever else the line holds.
const DECLARED = /^ *0*(\d{1,15})(?= |$)/;

/** Reads what follows `BDAT` and its one space; null where it is not of that form. */
export function parseChunkSize(argument: string): ChunkSize | null {
  const match = CHUNK.exec(argument);
  return match === null ? null : { size: Number(match[1]), last: match[2] !== undefined };
}

/**
 * Returns how much follows a BDAT command that is refused, even a malformed one if its size can be parsed. Returns
 * null if not: then content and commands cannot be distinguished.
 */
export function declaredChunk(argument: string): ChunkSize | null {
  const match = DECLARED.exec(argument);
  return match === null ? null : { size: Number(match[1]), last: / LAST$/i.test(argument) };
}
