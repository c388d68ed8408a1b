import { Fault, type Parsed } from '../../base/fault.js';
import { reply } from '../replies/catalogue.js';
import type { Extension } from './extension.js';

/** By when the message must be delivered: RFC 2852. */
export interface ByParameter {
  /** From now on. Zero or less, with `notify`: the time has passed already. */
  readonly seconds: number;
  /** What happens then: the message is given up and returned, or its sender is notified and delivery continues. */
  readonly otherwise: 'return' | 'notify';
  /** The sender is notified of each server that the message is handed to. */
  readonly trace: boolean;
}

export interface DeliverByOptions {
  /** RFC 2852: BY. `minimum`: seconds that a message must be given before it may be returned. Default: false. */
  readonly deliverBy: false | { readonly minimum: number };
}

export interface DeliverByMail {
  /** RFC 2852. */
  readonly by?: ByParameter;
}

export const deliverBy: Extension<DeliverByOptions, DeliverByMail> = {
  keyword: 'DELIVERBY',
  source: 'RFC 2852',
  options: { deliverBy: false },
  announce: ({ extensions: { deliverBy } }) => (deliverBy === false ? null : String(deliverBy.minimum)),
  mail: { BY: parseBy },
  // RFC 2852 3: 55z; and 4: 555 if a well-formed value cannot be honoured.
  permitMail: ({ by }, { extensions: { deliverBy } }) =>
    deliverBy !== false && by?.otherwise === 'return' && by.seconds < deliverBy.minimum
      ? reply('deliverByTooSoon', { minimum: deliverBy.minimum })
      : null,
};

// RFC 2852 4
//   by-value = by-time ";" by-mode [by-trace]
//   by-time  = ["-" / "+"] 1*9DIGIT ; zero or less is not allowed with a by-mode of "R"
//   by-mode  = "N" / "R"            ; "Notify" or "Return"
//   by-trace = "T"                  ; "Trace"
function parseBy(value: string | null): Parsed<{ readonly by: ByParameter }> {
  const match = /^([+-]?\d{1,9});([NR])(T?)$/i.exec(value ?? '');
  if (match === null) return new Fault('expected seconds;R or seconds;N, and T for a trace');
  const [, time, mode = '', trace] = match;
  // Adding 0 makes 0 of -0.
  const seconds = Number(time) + 0;
  const otherwise = mode.toUpperCase() === 'R' ? 'return' : 'notify';
  if (otherwise === 'return' && seconds <= 0) return new Fault('with R, the time must be above 0');
  return { by: { seconds, otherwise, trace: trace !== '' } };
}
