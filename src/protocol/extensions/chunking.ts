import { type ChunkSize, declaredChunk, parseChunkSize } from '../grammar/chunk-size.js';
import { reply } from '../replies/catalogue.js';
import type { Reply } from '../replies/reply.js';
import type { Extension, VerbContext } from './extension.js';

export interface ChunkingOptions {
  /** RFC 3030: content by BDAT. Default: true. */
  readonly chunking: boolean;
}

export interface BdatCommand {
  readonly verb: 'BDAT';
  readonly chunk: ChunkSize;
}

export const chunking: Extension<ChunkingOptions, object, object, BdatCommand> = {
  keyword: 'CHUNKING',
  source: 'RFC 3030',
  options: { chunking: true },
  announce: ({ extensions }) => (extensions.chunking ? '' : null),
  verbs: {
    BDAT: {
      parse: parseBdat,
      refusedIn: { greeted: 'helloFirst', ready: 'mailFirst', mail: 'recipientFirst' },
      extension: true,
      exact: true,
      declares: declaredChunk,
    },
  },
};

function parseBdat(argument: string, { offered }: VerbContext<ChunkingOptions>): BdatCommand | Reply {
  const chunk = parseChunkSize(argument);
  if (chunk === null) return reply('chunkSyntax');
  return offered.has('CHUNKING') ? { verb: 'BDAT', chunk } : reply('notImplemented', { verb: 'BDAT' });
}
