import type { SessionView } from './handler.js';

/** Which connection it is, beside what the handler sees of it. */
export interface Speaker<Principal> extends SessionView<Principal> {
  /** As admission counts it. */
  readonly network: string;
}
