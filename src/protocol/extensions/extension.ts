import type { Parsed } from '../../base/fault.js';
import type { Verb } from '../commands/verb.js';
import type { Limits } from '../limits.js';
import type { Link } from '../link.js';
import type { Reply } from '../replies/reply.js';
import type { SaslMechanism } from '../sasl/mechanism.js';
import type { RelayTrust } from './relay-attributes.js';

/**
 * One ESMTP extension: all that the core knows of it. Each has a file in this folder, and a line in `index.ts`.
 *
 * `Options` are the options of a listener that belong to the extension, `Mail` and `Rcpt` the fields that its
 * parameters add to {@link MailParameters} and {@link RcptParameters}; all fields of both are optional. `Command` are
 * the commands that its verbs make. Their types are exported, because the types in `index.ts` name them.
 */
export interface Extension<
  Options extends object = object,
  Mail extends object = object,
  Rcpt extends object = object,
  Command extends ExtensionCommand = never,
> {
  /** The keyword in the reply to EHLO. */
  readonly keyword: string;
  /** The document that defines it. */
  readonly source: string;
  /** The defaults of its options. */
  readonly options?: Partial<Options>;
  /**
   * Returns the text that follows the keyword, empty if nothing follows; or null if the extension is not offered here.
   * Without this function, the keyword is always offered, and alone.
   */
  readonly announce?: (listener: Listener<Options>, link: Link) => string | null;
  /** The announced text changes with the time of day, so the reply is made anew for each hello. */
  readonly timed?: true;
  /** Its verbs, by name in capitals. */
  readonly verbs?: Readonly<Record<string, Verb<VerbContext<Options>, Command>>>;
  /** Its parameters of MAIL, by keyword in capitals. */
  readonly mail?: Readonly<Record<string, ParseParameter<Mail>>>;
  /** Its parameters of RCPT, by keyword in capitals. */
  readonly rcpt?: Readonly<Record<string, ParseParameter<Rcpt>>>;
  /** Returns the refusal of an address of MAIL or RCPT that is not ASCII, or null. The path grammar allows it. */
  readonly checkUtf8Address?: (command: 'MAIL' | 'RCPT', mail: Mail) => Reply | null;
  /**
   * Returns the refusal of a MAIL with values that exceed what EHLO announced or contradict each other, or null. Each
   * value is well-formed.
   */
  readonly checkMail?: (mail: Mail, listener: Listener<Options>) => Reply | null;
  /**
   * Returns the refusal of a MAIL that is right, but that this client cannot have here, or null. Called after
   * `checkMail` of all extensions.
   */
  readonly permitMail?: (mail: Mail, listener: Listener<Options>, authenticated: boolean) => Reply | null;
  /** Returns the refusal of DATA after a MAIL with these parameters, or null. */
  readonly checkData?: (mail: Mail) => Reply | null;
}

/**
 * A command of an extension. With `question`, the server decides on it, and `state/questions.ts` has what follows from
 * its yes; the default is `250 2.0.0 Ok`. With `answer`, that is the reply. Without both, `session.ts` executes it.
 */
export interface ExtensionCommand {
  readonly verb: string;
  readonly question?: { readonly type: string };
  readonly answer?: Reply;
}

/** The facts about the session that the parser of a verb can use. */
export interface VerbContext<Options> extends ParameterContext {
  readonly link: Link;
  readonly listener: Listener<Options>;
}

/**
 * Parses the value of a parameter, null if the parameter was given without one. Returns its field, or why it is wrong,
 * for the client.
 */
export type ParseParameter<Fields> = (
  value: string | null,
  context: ParameterContext,
) => Parsed<Partial<Fields>>;

/** The facts about the session that the parser of a parameter can use. */
export interface ParameterContext {
  /** Keywords of the extensions that EHLO announces here. */
  readonly offered: ReadonlySet<string>;
  /** The transaction has SMTPUTF8. */
  readonly smtputf8: boolean;
  /** What a parameter gets that belongs to no extension on offer. Default: reject. */
  readonly unknownParameters?: 'reject' | 'accept';
}

/** The part of a listener's profile that extensions can use. */
export interface Listener<Options> {
  readonly starttls: boolean;
  readonly authNeedsTls: boolean;
  readonly mechanisms: ReadonlyMap<string, SaslMechanism>;
  readonly relayTrust: RelayTrust;
  readonly limits: Limits;
  readonly extensions: Options;
}
