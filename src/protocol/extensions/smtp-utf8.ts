import { Fault } from '../../base/fault.js';
import { reply } from '../replies/catalogue.js';
import type { Extension } from './extension.js';

export interface SmtpUtf8Mail {
  /** RFC 6531. */
  readonly smtputf8?: true;
}

export const smtpUtf8: Extension<object, SmtpUtf8Mail> = {
  keyword: 'SMTPUTF8',
  source: 'RFC 6531',
  mail: {
    SMTPUTF8: (value) => (value === null ? { smtputf8: true } : new Fault('takes no value')),
  },
  // RFC 6531 3.3: without the parameter, addresses are ASCII.
  checkUtf8Address: (command, { smtputf8 }) => {
    if (smtputf8 === true) return null;
    return reply(command === 'MAIL' ? 'senderNeedsUtf8' : 'recipientNeedsUtf8');
  },
};
