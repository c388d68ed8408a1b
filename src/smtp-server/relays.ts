import { isIP } from 'node:net';
import type { XclientAttributes, XforwardAttributes } from '../protocol/index.js';
import { canonicalAddress, plainAddress } from '../base/networks.js';
import { decodeXtext } from '../protocol/grammar/xtext.js';
import type { AdapterConnection } from './connection.js';

/** The addresses of `useProxy`, `useXClient` or `useXForward` as networks: `true` and `*` are all. */
export function networksOf(option: boolean | readonly string[] | undefined): string[] {
  if (option === undefined || option === false) return [];
  if (option === true || option.includes('*')) return ['0.0.0.0/0', '::/0'];
  return option.map((address) => canonicalAddress(plainAddress(address)));
}

/** Returns whether a connection may send XCLIENT or XFORWARD. A client that a relay has named may not. */
export function takesFrom(
  option: boolean | readonly string[] | undefined,
  connection: AdapterConnection,
): boolean {
  if (connection.overridden || option === undefined || option === false) return false;
  if (option === true || option.includes('*')) return true;
  const peer = canonicalAddress(connection.peer);
  return option.some((address) => canonicalAddress(plainAddress(address)) === peer);
}

/** What smtp-server says of an attribute that it cannot take. */
export const BAD_ATTRIBUTE = 'Error: Bad command parameter syntax';

/** Returns why the attributes of XCLIENT or XFORWARD are refused, or null. The server checks the rest. */
export function relayFault(argument: string): string | null {
  for (const [, name = '', written = ''] of argument.matchAll(/(\w+)=(\S+)/g)) {
    if (/^\[(?:UNAVAILABLE|TEMPUNAVAIL)\]$/i.test(written)) continue;
    const value = decodeXtext(written);
    // eslint-disable-next-line no-control-regex -- these are what it must not have
    if (value === null || /[\0-\x1f\x7f]/.test(value)) return BAD_ATTRIBUTE;
    const key = name.toUpperCase();
    if (key === 'ADDR' && isIP(value.replace(/^IPv6:/i, '')) === 0)
      return `${BAD_ATTRIBUTE}. Invalid address`;
    if (key === 'NAME' && !/^[A-Za-z0-9_.-]+$/.test(value)) return `${BAD_ATTRIBUTE}. Invalid hostname`;
  }
  return null;
}

/** Takes the attributes of XFORWARD into the session: hooks see the client that the message is from. */
export function learnXforward(connection: AdapterConnection, origin: XforwardAttributes): void {
  const { session } = connection;
  const { xForward } = session;
  const address = origin.address?.replace(/^IPv6:/i, '');
  if (address !== undefined) {
    keep(xForward, 'ADDR', session.remoteAddress);
    session.remoteAddress = address;
    session.clientHostname = `[${address}]`;
  }
  if (typeof origin.name === 'string') session.clientHostname = origin.name;
  if (typeof origin.port === 'string') session.remotePort = Number(origin.port);
  if (typeof origin.helo === 'string') session.hostNameAppearsAs = origin.helo;
  const port = origin.port === undefined || origin.port === null ? origin.port : Number(origin.port);
  put(xForward, { ...namesOf(origin, address), PORT: port, IDENT: origin.ident, SOURCE: origin.source });
}

/** Takes the attributes of XCLIENT into the session. */
export function learnXclient(connection: AdapterConnection, client: XclientAttributes): void {
  const { session } = connection;
  const { xClient } = session;
  if (client.address !== undefined) keep(xClient, 'ADDR', session.remoteAddress);
  if (client.name !== undefined) keep(xClient, 'NAME', session.clientHostname);
  if (client.port !== undefined) keep(xClient, 'PORT', session.remotePort);
  if (typeof client.address === 'string') {
    session.remoteAddress = client.address;
    // It speaks for itself from here on.
    connection.overridden = true;
  }
  if (typeof client.port === 'number') session.remotePort = client.port;
  if (client.name !== undefined || client.address !== undefined) {
    session.clientHostname = client.name ?? `[${session.remoteAddress}]`;
  }
  if (typeof client.helo === 'string') session.hostNameAppearsAs = client.helo;
  put(xClient, { ...namesOf(client, client.address), PORT: client.port, LOGIN: client.login });
}

interface Named {
  readonly name?: string | null;
  readonly protocol?: string | null;
  readonly helo?: string | null;
}

type Values = Readonly<Record<string, string | number | null | undefined>>;

function namesOf({ name, protocol, helo }: Named, address: string | null | undefined): Values {
  return { ADDR: address, NAME: name === null ? '' : name, PROTO: protocol, HELO: helo };
}

function put(map: Map<string, string | number | false>, values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) map.set(name, value ?? false);
  }
}

/** What was before an attribute came is kept, as it was the first time. */
function keep(map: Map<string, string | number | false>, name: string, value: string | number): void {
  const key = `${name}:DEFAULT`;
  if (!map.has(key)) map.set(key, value);
}
