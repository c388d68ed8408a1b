import { Fault } from '../../base/fault.js';
import type { Extension } from './extension.js';

/** How the content is encoded: RFC 6152 and RFC 3030. */
export type BodyType = (typeof BODIES)[number];

const BODIES = ['7BIT', '8BITMIME', 'BINARYMIME'] as const;

export interface BodyMail {
  readonly body?: BodyType;
}

export const eightBitMime: Extension<object, BodyMail> = {
  keyword: '8BITMIME',
  source: 'RFC 6152',
  mail: {
    // RFC 6152 2: body-value = "7BIT" / "8BITMIME". RFC 3030 3 adds "BINARYMIME", with its own keyword in EHLO.
    BODY: (value, { offered }) => {
      const bodies = BODIES.filter((name) => name !== 'BINARYMIME' || offered.has(name));
      const body = bodies.find((name) => name === value?.toUpperCase());
      return body === undefined ? new Fault(`expected ${bodies.join(', ')}`) : { body };
    },
  },
};
