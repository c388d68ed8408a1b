/** There was never a connection that mail could be sent over. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';

  constructor(
    message: string,
    /** The SMTP extension that was asked for and that the server lacks; null where that is not why. */
    readonly missing: string | null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
