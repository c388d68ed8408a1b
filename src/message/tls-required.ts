import { HeaderSection, MalformedHeaderError } from './section.js';

/**
 * Returns true if a header section, given without its blank line, waives the TLS requirements of recipients' domains:
 * `TLS-Required: No` (RFC 8689 3). If the section does not parse or has the field twice, it waives nothing.
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
