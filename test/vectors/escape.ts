const ESCAPE = /\\(?:r|n|t|0|\\|x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]+)\}|\{((?:[^{}\\]|\\[^{])*)\*(\d+)\})/g;
const SIMPLE: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\' };

/**
 * The octets that a line of a vector file stands for, as a text of latin1.
 *
 *     \r \n \t \0 \\   the octet
 *     \xNN             the octet NN
 *     \u{N}            the octets of the character U+N in UTF-8
 *     \{text*N}        text, N times
 */
export function unescape(line: string): string {
  if (/\\/.test(line.replace(ESCAPE, ''))) throw new Error(`unknown escape in: ${line}`);
  return line.replace(ESCAPE, (whole, hex?: string, point?: string, repeated?: string, times?: string) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    if (point !== undefined) return utf8(String.fromCodePoint(parseInt(point, 16)));
    if (repeated !== undefined) return unescape(repeated).repeat(Number(times));
    return SIMPLE[whole.charAt(1)] ?? '';
  });
}

function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
