import { Reply } from '../protocol/index.js';
import {
  checkShape,
  isCount,
  isFunction,
  isString,
  isText,
  type Shape,
  unknownName,
} from '../base/check-shape.js';
import { LONGEST_TIMER } from '../base/sleep.js';
import type { MailMessage } from './message.js';

/**
 * The moments at which trouble can happen: the connection, the command of that name (`hello` is EHLO, HELO and LHLO),
 * `data` for DATA and BDAT before the content, and `message` after all of it.
 */
export type Phase = 'connect' | 'hello' | 'starttls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'message';

export const PHASES: readonly Phase[] = [
  'connect',
  'hello',
  'starttls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'message',
];

/** The facts about the moment, for {@link TroubleOptions.when}. */
export interface Moment {
  readonly phase: Phase;
  readonly remoteAddress: string;
  /** The user name of AUTH; null before. */
  readonly user: string | null;
  /** The reverse-path; null before MAIL. */
  readonly sender: string | null;
  /** The accepted recipients; in the phase `rcpt` with the one in question, as the last. */
  readonly recipients: readonly string[];
  /** The message in the phase `message`, else null. */
  readonly message: MailMessage | null;
}

/** When and how often. */
export interface TroubleOptions {
  /** How many times it happens. Default: 1. `Infinity` until it is removed. */
  readonly times?: number;
  /** Only in transactions with this recipient, ignoring case. In the phase `rcpt`, only for this recipient. */
  readonly to?: string;
  /** Only if this returns true. */
  readonly when?: (moment: Moment) => boolean;
}

/** The reply of a failure. */
export interface FailOptions extends TroubleOptions {
  /** A reply code of 400 to 559. Default: 451. */
  readonly code?: number;
  /** An enhanced status code (RFC 3463), such as `4.7.1`. Default: none. */
  readonly enhanced?: string;
  /** Default: `failed by the test`. */
  readonly text?: string;
}

/** A trouble that was planned. */
export interface Trouble {
  /** How many times it has happened. */
  readonly happened: number;
  /** From here on it does not happen any more. */
  remove(): void;
}

/** What happens at a moment, the delay first. */
export interface Fate {
  readonly delay: number;
  readonly act: Reply | 'drop' | null;
}

const TROUBLE: Shape = {
  times: (value) => (value === Infinity ? null : isCount(1, Number.MAX_SAFE_INTEGER)(value)),
  to: isText,
  when: isFunction,
};
const FAIL: Shape = { ...TROUBLE, code: isCount(400, 559), enhanced: isText, text: isString };

class Planned implements Trouble {
  happened = 0;

  constructor(
    readonly phase: Phase,
    readonly act: Reply | 'drop' | number,
    private readonly options: TroubleOptions,
    readonly remove: () => void,
  ) {}

  meets(moment: Moment): boolean {
    const { times = 1, to, when } = this.options;
    if (moment.phase !== this.phase || this.happened >= times) return false;
    if (to !== undefined) {
      const concerned = moment.phase === 'rcpt' ? moment.recipients.slice(-1) : moment.recipients;
      if (!concerned.some((each) => each.toLowerCase() === to.toLowerCase())) return false;
    }
    return when?.(moment) ?? true;
  }
}

/** Phases that have a recipient. */
const WITH_RECIPIENT: readonly Phase[] = ['rcpt', 'data', 'message'];
const MILLISECONDS = isCount(0, LONGEST_TIMER);

/** The troubles that a test has planned. */
export class Troubles {
  readonly #planned = new Set<Planned>();

  /** @throws RangeError or TypeError if the phase or an option is wrong */
  fail(phase: Phase, options: FailOptions = {}): Trouble {
    check('fail', phase, options, FAIL);
    const { code = 451, enhanced = null, text = 'failed by the test' } = options;
    return this.#plan(phase, new Reply(code, enhanced, text), options);
  }

  delay(phase: Phase, milliseconds: number, options: TroubleOptions = {}): Trouble {
    check('slow', phase, options, TROUBLE);
    checkShape('slow', { milliseconds }, { milliseconds: MILLISECONDS });
    return this.#plan(phase, milliseconds, options);
  }

  drop(phase: Phase, options: TroubleOptions = {}): Trouble {
    check('drop', phase, options, TROUBLE);
    return this.#plan(phase, 'drop', options);
  }

  clear(): void {
    this.#planned.clear();
  }

  /** Returns what happens at this moment, and counts it. */
  at(moment: Moment): Fate {
    let delay = 0;
    for (const trouble of this.#planned) {
      if (!trouble.meets(moment)) continue;
      trouble.happened += 1;
      if (typeof trouble.act !== 'number') return { delay, act: trouble.act };
      delay += trouble.act;
    }
    return { delay, act: null };
  }

  #plan(phase: Phase, act: Planned['act'], options: TroubleOptions): Trouble {
    const planned: Planned = new Planned(phase, act, options, () => this.#planned.delete(planned));
    this.#planned.add(planned);
    return planned;
  }
}

/** @throws TypeError if the phase or an option is wrong, or if the trouble could never happen */
function check(of: string, phase: Phase, options: TroubleOptions, shape: Shape): void {
  if (!PHASES.includes(phase)) throw unknownName(of, 'phase', phase, PHASES);
  checkShape(of, options, shape);
  for (const name of ['to', 'when'] as const) {
    // A condition that was forgotten would hold for every message.
    if (name in options && options[name] === undefined) {
      throw new TypeError(`${of}: ${name} is undefined: give a value, or leave it out`);
    }
  }
  if (options.to !== undefined && !WITH_RECIPIENT.includes(phase)) {
    throw new TypeError(`${of}: there is no recipient in the phase ${phase}: leave out to, or use rcpt`);
  }
}
