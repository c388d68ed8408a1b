import type { Limits } from '../protocol/index.js';
import type { AnyHandler, AnyOptions } from './any.js';
import type { AdmissionLimits, Timeouts } from './limits.js';
import type { AcceptOptions } from './options.js';

/** Limits and times with which no mail could come if they were 0. */
const ABOVE_0 = {
  timeouts: ['command', 'dataBlock', 'handshake', 'write'],
  limits: ['messageSize', 'recipients'],
  admission: ['connections', 'connectionsPerAddress'],
} as const satisfies {
  readonly timeouts: readonly (keyof Timeouts)[];
  readonly limits: readonly (keyof Limits)[];
  readonly admission: readonly (keyof AdmissionLimits)[];
};

/**
 * Checks what a server is given as a whole: nothing of it may be without effect, or make another part impossible.
 *
 * @throws TypeError that names the parts and the fix; RangeError for a time in which nothing could happen
 */
export function checkTogether(handler: AnyHandler<unknown>, options: AnyOptions<unknown>): void {
  const verifies = handler.onAuth !== undefined;
  const { extensions = {} } = options;
  // A function that was not found, say. To take it for absent would take mail from everybody.
  refuseIf(
    !verifies && 'onAuth' in handler,
    'handler: onAuth is undefined: give a function, or leave it out',
  );
  refuseIf(
    handler.onData !== undefined && handler.onContent !== undefined,
    'handler: onData would never be called beside onContent: leave one of them out',
  );
  for (const name of ['allowInsecureAuth', 'authOptional'] as const) {
    refuseIf(options[name] === true && !verifies, `${name} needs onAuth: without it there is no AUTH`);
  }
  checkMechanisms(handler, options);
  refuseIf(
    extensions.binaryMime === true && extensions.chunking === false,
    'extensions: binaryMime needs chunking (RFC 3030 3): leave out chunking: false',
  );
  for (const [table, names] of Object.entries(ABOVE_0)) {
    const values: Readonly<Record<string, unknown>> = options[table as keyof typeof ABOVE_0] ?? {};
    const name = names.find((one) => values[one] === 0);
    if (name !== undefined)
      throw new RangeError(`${table}.${name}: expected a number above 0, or Infinity, got 0`);
  }
}

function checkMechanisms(handler: AnyHandler<unknown>, options: AnyOptions<unknown>): void {
  const { mechanisms = [], certificates } = options;
  const twice = mechanisms.find(({ name }, at) => mechanisms.findIndex((one) => one.name === name) !== at);
  if (twice !== undefined) throw new TypeError(`mechanisms: ${twice.name} is listed twice`);
  const [first] = mechanisms;
  if (first !== undefined && handler.onAuth === undefined) {
    throw new TypeError(`mechanisms: ${first.name} needs onAuth, which says whom it proves`);
  }
  // With AUTH optional, a list that is made from a configuration may be empty.
  refuseIf(
    handler.onAuth !== undefined && options.mechanisms?.length === 0 && options.authOptional !== true,
    'mechanisms: an empty list offers no AUTH: name one, such as PLAIN, or leave the option out',
  );
  const scram = mechanisms.find(({ name }) => name.startsWith('SCRAM-'));
  if (scram !== undefined && handler.onScram === undefined) {
    throw new TypeError(`mechanisms: ${scram.name} needs onScram, which gives the keys of a user`);
  }
  refuseIf(
    scram === undefined && handler.onScram !== undefined,
    'handler: onScram would never be called: list SCRAM_SHA_256 among the mechanisms',
  );
  refuseIf(
    mechanisms.some(({ name }) => name === 'EXTERNAL') && certificates?.knowsClients !== true,
    'mechanisms: EXTERNAL needs certificates with clientAuthorities',
  );
}

/** @throws TypeError if an option of a listener has no effect, since another one is missing */
export function checkListener(
  of: string,
  { proxiesOnly, proxies = [], proxyRefusal, tls, tlsDetectMs }: AcceptOptions,
): void {
  refuseIf(
    proxiesOnly === true && proxies.length === 0,
    `${of}: proxiesOnly needs proxies: without them no one could connect`,
  );
  refuseIf(proxyRefusal !== undefined && proxies.length === 0, `${of}: proxyRefusal needs proxies`);
  refuseIf(tlsDetectMs !== undefined && tls !== 'detect', `${of}: tlsDetectMs needs tls 'detect'`);
}

function refuseIf(wrong: boolean, words: string): void {
  if (wrong) throw new TypeError(words);
}
