import type { AnyHandler, AnyOptions } from './any.js';
import type { AcceptOptions } from './options.js';

/**
 * Checks what a server is given as a whole: nothing of it may be without effect, or make another part impossible.
 *
 * @throws TypeError that names the parts and the fix; RangeError for a time in which nothing could happen
 */
export function checkTogether(handler: AnyHandler<unknown>, options: AnyOptions<unknown>): void {
  const verifies = handler.onAuth !== undefined;
  const { extensions = {}, timeouts = {} } = options;
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
  for (const name of ['command', 'dataBlock', 'handshake', 'write'] as const) {
    if (timeouts[name] === 0) {
      throw new RangeError(`timeouts.${name}: expected a number above 0, or Infinity`);
    }
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
