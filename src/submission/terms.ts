import type { MailParameters } from '../protocol/index.js';
import type { Recipient } from '../server/index.js';
import type { DeliveryTerms, NewRecipient } from '../store/port.js';

/** What MAIL asked of the delivery, as the store keeps it. */
export function deliveryTerms(parameters: MailParameters): Partial<DeliveryTerms> {
  const { ret = null, envid = null } = parameters;
  return { ret, envelopeId: envid };
}

/** A recipient as RCPT named him, as the store keeps him. */
export function storedRecipient({ forwardPath, parameters }: Recipient): NewRecipient {
  const { notify = null, orcpt } = parameters;
  return {
    forwardPath: forwardPath.address,
    notify,
    originalRecipient: orcpt === undefined ? null : `${orcpt.type};${orcpt.address}`,
  };
}
