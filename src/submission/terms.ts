import type { ByParameter, MailParameters } from '../protocol/index.js';
import type { Recipient } from '../server/index.js';
import type { DeliverBy, DeliveryTerms, NewRecipient } from '../store/port.js';

/**
 * Returns the parameters of MAIL that concern the delivery of a message received at `now`, as the store keeps them.
 */
export function deliveryTerms(parameters: MailParameters, now: number): DeliveryTerms {
  const { ret = null, envid = null, by, priority = 0, requireTls = false, body = null } = parameters;
  return {
    ret,
    envelopeId: envid,
    releaseAt: releaseTime(parameters, now),
    deliverBy: by === undefined ? null : deliverBy(by, now),
    priority,
    requireTls,
    body,
    smtputf8: parameters.smtputf8 === true,
  };
}

/** Returns null if nothing holds the message back. A time that has passed does not hold it. */
function releaseTime({ holdFor, holdUntil }: MailParameters, now: number): number | null {
  const time = holdFor === undefined ? holdUntil : now + holdFor * 1000;
  return time === undefined || time <= now ? null : time;
}

function deliverBy({ seconds, otherwise, trace }: ByParameter, now: number): DeliverBy {
  return { time: now + seconds * 1000, otherwise, trace };
}

/** Returns a recipient of RCPT as the store keeps it. */
export function storedRecipient({ forwardPath, parameters }: Recipient): NewRecipient {
  const { notify = null, orcpt } = parameters;
  return {
    forwardPath: forwardPath.address,
    notify,
    originalRecipient: orcpt === undefined ? null : `${orcpt.type};${orcpt.address}`,
  };
}
