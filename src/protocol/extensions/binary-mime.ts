import { reply } from '../replies/catalogue.js';
import type { ChunkingOptions } from './chunking.js';
import type { BodyType } from './eight-bit-mime.js';
import type { Extension } from './extension.js';

export interface BinaryMimeOptions {
  /**
   * RFC 3030: content without lines. Not offered if CHUNKING is not. A server that relays such a message must send it
   * by BDAT, or encode it again. Default: true.
   */
  readonly binaryMime: boolean;
}

// BODY=BINARYMIME is a value of 8BITMIME's parameter.
export const binaryMime: Extension<BinaryMimeOptions & ChunkingOptions, { readonly body?: BodyType }> = {
  keyword: 'BINARYMIME',
  source: 'RFC 3030',
  options: { binaryMime: true },
  announce: ({ extensions }) => (extensions.chunking && extensions.binaryMime ? '' : null),
  // RFC 3030 3: BODY=BINARYMIME requires BDAT.
  checkData: ({ body }) => (body === 'BINARYMIME' ? reply('binaryNeedsChunks') : null),
};
