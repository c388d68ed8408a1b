// The mail server of the recipients. The local part of an address says what becomes of mail to it,
// whatever number is at its end: a recipient that bounced is blocked, and needs another one.
import { createServer, Refusal, Reply } from '../../src/index.js';

const REFUSALS: Readonly<Record<string, Reply>> = {
  gone: new Reply(550, '5.1.1', 'The mailbox gone does not exist'),
  full: new Reply(452, '4.2.2', 'The mailbox is full, try again later'),
};

export interface Remote {
  readonly url: string;
  /** Octets of the messages that it took. */
  readonly taken: Buffer[];
  close(): Promise<void>;
}

/** Starts it on a free port. */
export async function remoteServer(refusals = REFUSALS): Promise<Remote> {
  const taken: Buffer[] = [];
  const server = createServer({
    onRcpt: (_session, { localPart }) => {
      const refusal = refusals[localPart.replace(/\d+$/, '')];
      if (refusal !== undefined) throw new Refusal(refusal);
    },
    onData: async (_session, body) => {
      const pieces: Uint8Array[] = [];
      for await (const octets of body) pieces.push(octets);
      taken.push(Buffer.concat(pieces));
    },
  });
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
  return { url: `smtp://127.0.0.1:${port}?tls=off`, taken, close: () => server.close(100) };
}
