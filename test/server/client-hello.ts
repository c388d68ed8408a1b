import { Duplex } from 'node:stream';
import * as tls from 'node:tls';

/** The octets of a ClientHello, as a real client makes them. */
export function createHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read: () => undefined,
      write: (octets: Buffer, _encoding, done) => {
        resolve(octets);
        done();
      },
    });
    tls.connect({ socket: wire, rejectUnauthorized: false }).on('error', () => undefined);
  });
}
