export { type Endpoint, formatEndpoint } from './endpoint.js';
export { ConfigError } from './error.js';
export { type Key, keysOf } from './key.js';
export { ADMIN_PASSWORD_VARIABLE, TOKEN_VARIABLE } from './layer.js';
export { type ListenerConfig, formatListener } from './listener.js';
export { type Loaded, type Sources, loadConfig } from './load.js';
export { printConfig } from './print.js';
export type { Resolved } from './resolve.js';
export { type Config, configSchema } from './schema.js';
