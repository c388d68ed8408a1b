import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Answer, decode, encode, type Packet, type RecordType } from 'dns-packet';
import { onTestFinished } from 'vitest';

/** The records of a name by type. If a type is absent, the name exists and has no such records (NODATA). */
export interface Records {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly MX?: readonly { readonly preference: number; readonly exchange: string }[];
  readonly TXT?: readonly string[];
  readonly CNAME?: string;
}

/** The answer to a query in place of records. */
export type DnsFault = 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'silence';

/** RFC 1035 4.1.1, RFC 6895 2.3. */
const RCODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
/** RFC 1035 4.1.1: authoritative answer, and recursion available. */
const AUTHORITATIVE = 1 << 10;
const RECURSIVE = 1 << 7;
/** RFC 1035 4.2.1: longer answers need TCP, which this server does not speak. */
const DATAGRAM_OCTETS = 4096;

/** A name server on loopback that answers from a table. Names that are not in it do not exist. */
export class DnsServer {
  /**
   * By name, in lower case and without a dot at the end. `TYPE name` sets the answer for one type. May change at any
   * time.
   */
  readonly zone: Map<string, Records | DnsFault>;
  /** `TYPE name` of every query. */
  readonly asked: string[] = [];

  private constructor(
    private readonly socket: Socket,
    zone: Readonly<Record<string, Records | DnsFault>>,
  ) {
    this.zone = new Map(Object.entries(zone));
    socket.on('message', (octets, from) => this.#answer(octets, from));
  }

  static async open(zone: Readonly<Record<string, Records | DnsFault>> = {}): Promise<DnsServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DnsServer(socket, zone);
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** The address in the form of Node's `resolver.setServers`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  #answer(octets: Buffer, from: RemoteInfo): void {
    const query = decode(octets);
    const [question] = query.questions ?? [];
    if (question === undefined) return;
    const { name, type } = question;
    const key = name.toLowerCase().replace(/\.$/, '');
    this.asked.push(`${type} ${key}`);
    const known = this.zone.get(`${type} ${key}`) ?? this.zone.get(key) ?? 'NXDOMAIN';
    if (known === 'silence') return;
    const rcode = typeof known === 'string' ? RCODES[known] : 0;
    const packet: Packet = {
      type: 'response',
      id: query.id ?? 0,
      flags: AUTHORITATIVE | RECURSIVE | rcode,
      questions: [question],
      answers: typeof known === 'string' ? [] : answers(name, type, known),
    };
    const answer = encode(packet);
    if (answer.length > DATAGRAM_OCTETS) throw new Error(`the answer to ${type} ${name} needs TCP`);
    this.socket.send(answer, from.port, from.address);
  }
}

function answers(name: string, type: RecordType, records: Records): Answer[] {
  if (records.CNAME !== undefined) return [{ type: 'CNAME', name, ttl: 1, data: records.CNAME }];
  switch (type) {
    case 'A':
    case 'AAAA':
      return (records[type] ?? []).map((data) => ({ type, name, ttl: 1, data }));
    case 'MX':
      return (records.MX ?? []).map((data) => ({ type, name, ttl: 1, data: { ...data } }));
    case 'TXT':
      // RFC 1035 3.3.14: strings of at most 255 octets.
      return (records.TXT ?? []).map((text) => ({
        type,
        name,
        ttl: 1,
        data: text.match(/.{1,255}/gs) ?? [''],
      }));
    default:
      return [];
  }
}

/** Starts a name server until the end of the test. */
export async function dnsServer(zone: Readonly<Record<string, Records | DnsFault>> = {}): Promise<DnsServer> {
  const server = await DnsServer.open(zone);
  onTestFinished(() => server.close());
  return server;
}
