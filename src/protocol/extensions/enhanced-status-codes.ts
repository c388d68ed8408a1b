import type { Extension } from './extension.js';

export const enhancedStatusCodes: Extension = { keyword: 'ENHANCEDSTATUSCODES', source: 'RFC 2034' };
