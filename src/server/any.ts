import type { Credentials, SaslMechanism } from '../protocol/index.js';
import type { Handler, WithCertificate } from './handler.js';
import type { ServerOptions } from './options.js';

/** The handler of any server, whatever its mechanisms, its state, and whether it needs AUTH. */
export type AnyHandler<Principal> = Handler<Principal, WithCertificate<Credentials>, object, true>;

/** The options of any server. */
export type AnyOptions<Principal> = ServerOptions<Principal, SaslMechanism>;
