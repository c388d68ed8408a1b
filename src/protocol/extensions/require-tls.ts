import { Fault } from '../../base/fault.js';
import type { Extension } from './extension.js';

export interface RequireTlsOptions {
  /** RFC 8689: REQUIRETLS, on TLS links. Default: false. */
  readonly requireTls: boolean;
}

export interface RequireTlsMail {
  /** The message is relayed over TLS only, to servers that promise the same: RFC 8689. */
  readonly requireTls?: true;
}

export const requireTls: Extension<RequireTlsOptions, RequireTlsMail> = {
  keyword: 'REQUIRETLS',
  source: 'RFC 8689',
  options: { requireTls: false },
  // RFC 8689 2: within TLS only.
  announce: ({ extensions }, link) => (extensions.requireTls && link !== 'plain' ? '' : null),
  mail: {
    // RFC 8689 2: REQUIRETLS takes no value.
    REQUIRETLS: (value) => (value === null ? { requireTls: true } : new Fault('takes no value')),
  },
};
