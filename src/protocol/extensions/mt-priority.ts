import { Fault, type Parsed } from '../../base/fault.js';
import { reply } from '../replies/catalogue.js';
import type { Extension } from './extension.js';

export interface MtPriorityOptions {
  /** RFC 6710: MT-PRIORITY. `policy`: the registered name of how priorities are assigned. Default: false. */
  readonly mtPriority: false | { readonly policy?: string };
}

export interface MtPriorityMail {
  /** -9 to 9; higher priorities are sent first: RFC 6710. */
  readonly priority?: number;
}

export const mtPriority: Extension<MtPriorityOptions, MtPriorityMail> = {
  keyword: 'MT-PRIORITY',
  source: 'RFC 6710',
  options: { mtPriority: false },
  announce: ({ extensions: { mtPriority } }) => (mtPriority === false ? null : (mtPriority.policy ?? '')),
  mail: { 'MT-PRIORITY': parsePriority },
  // RFC 6710 4.1: a client that has not authenticated must not go first. If AUTH is not offered, the handler decides.
  permitMail: ({ priority = 0 }, { mechanisms }, authenticated) =>
    priority > 0 && mechanisms.size > 0 && !authenticated ? reply('authRequired') : null,
};

// RFC 6710 3 and 7
//   priority-value = (["-"] NZDIGIT) / "0"
//   NZDIGIT        = %x31-39
function parsePriority(value: string | null): Parsed<{ readonly priority: number }> {
  return /^(?:-?[1-9]|0)$/.test(value ?? '') ? { priority: Number(value) } : new Fault('expected -9 to 9');
}
