/** A failure that a client caused, and not the server. It is worth one line in a log, with what helps against it. */
export class ClientFault extends Error {
  /** @param hint what the operator can do about it, as one sentence without a full stop; null if there is nothing. */
  constructor(
    message: string,
    readonly hint: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
