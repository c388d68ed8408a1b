/** A proxy between the nodes and the database that can cut connections, or let nothing through for a while. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class Proxy {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #held = false;

  private constructor(
    readonly server: Server,
    /** Port of the server that new connections go to. */
    public target: number,
  ) {}

  static async open(target: number): Promise<Proxy> {
    const proxy: Proxy = new Proxy(
      createServer((client) => proxy.#join(client, connect(proxy.target, '127.0.0.1'))),
      target,
    );
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Cuts so many connections, as a network that fails does. Returns their number. */
  cut(most: number): number {
    const pairs = [...this.#pairs].slice(0, most);
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    return pairs.length;
  }

  /** Lets no octets through until {@link release}. */
  hold(): void {
    this.#held = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  release(): void {
    this.#held = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  close(): void {
    this.server.close();
    this.cut(Infinity);
  }

  #join(client: Socket, server: Socket): void {
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [server, client] as const]) {
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
      from.pipe(to);
      if (this.#held) from.pause();
    }
  }
}
