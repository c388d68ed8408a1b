import type { Extension } from './extension.js';

export interface ChunkingOptions {
  /** RFC 3030: content by BDAT. Default: true. */
  readonly chunking: boolean;
}

export const chunking: Extension<ChunkingOptions> = {
  keyword: 'CHUNKING',
  source: 'RFC 3030',
  options: { chunking: true },
  announce: ({ extensions }) => (extensions.chunking ? '' : null),
};
