import type { Socket } from 'node:net';
import type { XclientAttributes } from '../../protocol/index.js';
import type { Session } from '../handler.js';

/** Which connection it is, beside what the handler sees of it. */
export interface ConnectionSession<Principal> extends Session<Principal> {
  /** As admission counts it. */
  readonly network: string;
  remoteName: string | null;
  /** The socket that octets travel over now. */
  readonly socket: Socket;
  /** A trusted relay speaks for this client from here on; false where that one may not come in. */
  assume(client: XclientAttributes): boolean;
}
