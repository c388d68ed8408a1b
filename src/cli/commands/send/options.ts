/** The options of `postern send`. */
export interface SendOptions {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
  readonly attach?: readonly string[];
  readonly header?: readonly string[];
  readonly tag?: readonly string[];
  readonly file?: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly verbose?: true;
  readonly json?: true;
}
