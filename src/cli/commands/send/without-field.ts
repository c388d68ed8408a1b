const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * Returns a message without the fields of this name, in any case. Its lines may end in CRLF or in LF; all other octets
 * stay.
 */
export function withoutField(message: Buffer, name: string): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  let dropping = false;
  for (let at = 0; at < message.length;) {
    const end = message.indexOf(LF, at) + 1 || message.length;
    // The blank line ends the header section.
    if (message[at] === LF || (end - at === 2 && message[at] === 0x0d)) break;
    const isContinuation = message[at] === SPACE || message[at] === TAB;
    if (!isContinuation) {
      const begins = isNamed(message.subarray(at, end), name);
      if (begins && !dropping) kept.push(message.subarray(from, at));
      if (!begins && dropping) from = at;
      dropping = begins;
    }
    at = end;
    if (dropping) from = end;
  }
  return kept.length === 0 ? message : Buffer.concat([...kept, message.subarray(from)]);
}

function isNamed(line: Buffer, name: string): boolean {
  const colon = line.indexOf(':');
  return colon > 0 && line.toString('latin1', 0, colon).trimEnd().toLowerCase() === name;
}
