import { decodeXtext } from '../protocol/grammar/xtext.js';
import type { SMTPServerAddress, SMTPServerAddressArgs } from './types.js';

/**
 * Returns the address of a MAIL or RCPT with its parameters, as hooks get it.
 *
 * @param argument what followed the verb, which the server has parsed already
 * @param address what it has found there; empty for `<>`
 */
export function addressOf(argument: string, address: string): SMTPServerAddress {
  const path = address === '' ? '<>' : address;
  const end = argument.indexOf(path, argument.indexOf(':')) + path.length;
  const words = argument.slice(end).replace(/^>/, '').split(' ');
  const args: SMTPServerAddressArgs = {};
  for (const word of words) {
    if (word === '') continue;
    const [name = '', value] = word.split(/=(.*)/s, 2);
    args[name.toUpperCase()] = value === undefined ? true : (decodeXtext(value) ?? value);
  }
  return { address, args: Object.keys(args).length === 0 ? false : args };
}

/** Returns a parameter that comes twice, or null. */
export function repeated(argument: string): string | null {
  const names = [...argument.matchAll(/ ([A-Za-z0-9-]+)(?==| |$)/g)].map(([, name = '']) =>
    name.toUpperCase(),
  );
  return names.find((name, at) => names.indexOf(name) !== at) ?? null;
}
