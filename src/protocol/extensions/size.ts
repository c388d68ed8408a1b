import { Fault } from '../../base/fault.js';
import { reply } from '../replies/catalogue.js';
import type { Extension } from './extension.js';

export interface SizeMail {
  /** Octets that the client intends to send: RFC 1870. */
  readonly size?: number;
}

export const size: Extension<object, SizeMail> = {
  keyword: 'SIZE',
  source: 'RFC 1870',
  // RFC 1870 4: a number of at most 20 digits; 0 stands for no limit.
  announce: ({ limits: { messageSize } }) => String(messageSize < 1e20 ? Math.floor(messageSize) : 0),
  mail: {
    // RFC 1870 4: size-value ::= 1*20DIGIT
    SIZE: (value) =>
      value !== null && /^\d{1,20}$/.test(value)
        ? { size: Number(value) }
        : new Fault('expected 1 to 20 digits'),
  },
  checkMail: ({ size = 0 }, { limits }) =>
    size > limits.messageSize ? reply('sizeExceeded', { limit: limits.messageSize }) : null,
};
