import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { hostAndPort, plainAddress } from '../base/networks.js';
import { clean } from './compose/mail.js';
import type { Client } from './sending.js';

/** Characters of a User-Agent that are kept. */
const USER_AGENT_LENGTH = 200;

/** Returns where a request comes from, as the message, the log and the list of sessions show it. */
export function clientOf({ ip, socket, headers }: FastifyRequest): Client {
  const local = plainAddress(socket.localAddress);
  const userAgent = clean(headers['user-agent']).slice(0, USER_AGENT_LENGTH);
  return {
    address: plainAddress(ip),
    tls: socket instanceof TLSSocket ? tlsOf(socket) : null,
    userAgent: userAgent === '' ? null : userAgent,
    listener: hostAndPort(local, socket.localPort ?? 0),
  };
}

function tlsOf(socket: TLSSocket): string {
  return `${socket.getProtocol() ?? 'TLS'} ${socket.getCipher().standardName}`;
}
