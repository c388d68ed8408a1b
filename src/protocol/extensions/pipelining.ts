import type { Extension } from './extension.js';

export const pipelining: Extension = { keyword: 'PIPELINING', source: 'RFC 2920' };
