import { HeaderSection, MalformedHeaderError } from './section.js';

/**
 * Whether a header section, given up to, not including, its blank line, waives what recipients' domains ask of TLS:
 * `TLS-Required: No` (RFC 8689 3). One that does not parse, or has the field twice, says nothing.
 */
export function waivesTls(section: Uint8Array): boolean {
  try {
    const header = HeaderSection.parse(section);
    if (header.count('TLS-Required') !== 1) return false;
    return header.first('TLS-Required')?.text().trim().toLowerCase() === 'no';
  } catch (error) {
    if (error instanceof MalformedHeaderError) return false;
    throw error;
  }
}
