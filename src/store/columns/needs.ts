/** Converts the needs of a content between the contract's shape and their column. */
import type { ContentNeeds } from '../port.js';

const EIGHT_BIT = 1;
const UTF8_HEADER = 2;
const BINARY = 4;
const LONG_LINES = 8;

export function needsColumn(needs: ContentNeeds | null = null): number | null {
  if (needs === null) return null;
  return (
    (needs.eightBit ? EIGHT_BIT : 0) +
    (needs.utf8Header ? UTF8_HEADER : 0) +
    (needs.binary ? BINARY : 0) +
    (needs.longLines ? LONG_LINES : 0)
  );
}

export function needsOf(column: number | null): ContentNeeds | null {
  if (column === null) return null;
  return {
    eightBit: (column & EIGHT_BIT) !== 0,
    utf8Header: (column & UTF8_HEADER) !== 0,
    binary: (column & BINARY) !== 0,
    longLines: (column & LONG_LINES) !== 0,
  };
}
