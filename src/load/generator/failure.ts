/** Thrown if no connection could be opened that mail can be sent over. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';

  constructor(
    message: string,
    /** The SMTP extension that was asked for and that the server lacks; null if the reason is another one. */
    readonly missing: string | null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
