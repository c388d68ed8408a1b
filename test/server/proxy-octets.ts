/** The first octets of a PROXY header of version 2: proxy-protocol.txt 2.2. */
export const SIGNATURE: Buffer = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** A PROXY header of version 2. @param command 0 LOCAL, 1 PROXY. */
export function proxyV2(command: number, family: number, following: Buffer): Buffer {
  const prefix = Buffer.from([0x20 | command, family, following.length >> 8, following.length & 0xff]);
  return Buffer.concat([SIGNATURE, prefix, following]);
}

/** A PROXY header of version 2 for a client of IPv4, with more behind the addresses. */
export function proxyV2For(address: string, port: number, more: Buffer = Buffer.alloc(0)): Buffer {
  const addresses = Buffer.from([...address.split('.').map(Number), 198, 51, 100, 2]);
  const ports = Buffer.from([port >> 8, port & 0xff, 0, 25]);
  return proxyV2(1, 0x11, Buffer.concat([addresses, ports, more]));
}
