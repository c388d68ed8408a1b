/** What a BDAT command declares. */
export interface ChunkSize {
  /** Octets that follow the command line. */
  readonly size: number;
  /** It is the last chunk of its message. */
  readonly last: boolean;
}

// RFC 3030 2
//   bdat-cmd   ::= "BDAT" SP chunk-size [ SP end-marker ] CR LF
//   chunk-size ::= 1*DIGIT
//   end-marker ::= "LAST"
// Zeros in front are allowed by it, and mean nothing. Fifteen digits are what can be counted exactly; a
// petabyte that is sent in one chunk is nobody's.
const CHUNK = /^0*(\d{1,15})(?: (LAST))?$/i;

// Where a chunk ends can be told as long as its first word is a number, whatever stands around it.
const DECLARED = /^ *0*(\d{1,15})(?= |$)/;

/** Reads what follows `BDAT` and its one space; null where it is not of that form. */
export function parseChunkSize(argument: string): ChunkSize | null {
  const match = CHUNK.exec(argument);
  return match === null ? null : { size: Number(match[1]), last: match[2] !== undefined };
}

/**
 * How much follows a BDAT command that is refused, even one that is not of its form, as long as that can be
 * told. Null where it cannot: what follows is either content or commands, and nobody knows which.
 */
export function declaredChunk(argument: string): ChunkSize | null {
  const match = DECLARED.exec(argument);
  return match === null ? null : { size: Number(match[1]), last: / LAST$/i.test(argument) };
}
