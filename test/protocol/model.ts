/**
 * A reference model of a submission server's session, from RFC 5321 (4.1.4, order of commands), 3207, 4954
 * and 1870, written apart from the machine: no octets, no parsing, only what each step of a client gets and
 * what it changes.
 */
export interface Rules {
  readonly tlsRequired: boolean;
  readonly authRequired: boolean;
  readonly maxRecipients: number;
  readonly maxErrors: number;
}

/** A decision of the server: yes, or the code of its no. */
export type Decision = 'yes' | 421 | 450 | 550;

/** An action of a client. */
export type Step =
  | { readonly do: 'hello'; readonly verb: 'EHLO' | 'HELO'; readonly decision: Decision }
  | {
      readonly do: 'mail';
      readonly with: 'nothing' | 'size' | 'big size' | 'unknown' | 'bad path' | 'utf8';
      readonly decision: Decision;
    }
  | { readonly do: 'rcpt'; readonly path: 'good' | 'bad' | 'null'; readonly decision: Decision }
  | {
      readonly do: 'data';
      readonly body: 'good' | 'bare' | 'big';
      readonly decision: Decision;
      readonly end: Decision;
    }
  | { readonly do: 'starttls'; readonly decision: Decision }
  | {
      readonly do: 'auth';
      readonly how: 'plain' | 'login' | 'cancel' | 'broken' | 'unknown';
      readonly decision: Decision;
    }
  | { readonly do: 'noop' | 'rset' | 'vrfy' | 'help' | 'quit' | 'expn' | 'bogus' | 'bare LF' | 'bad hello' };

type Mailing = Extract<Step, { do: 'mail' | 'rcpt' | 'data' }> | { readonly do: 'rset' | 'vrfy' | 'expn' };

export class Model {
  hello: 'EHLO' | 'HELO' | null = null;
  tls: boolean;
  authenticated = false;
  /** Null outside a transaction. */
  recipients: number | null = null;
  stored = 0;
  errors = 0;
  closed = false;
  /** Every decision that was asked for, in order. */
  readonly asked: Decision[] = [];

  constructor(
    readonly rules: Rules,
    tls: boolean,
  ) {
    this.tls = tls;
  }

  /** The codes that a step gets, one for each reply. */
  take(step: Step): number[] {
    switch (step.do) {
      case 'hello':
        return this.#ask(step.decision, 250, () => {
          this.hello = step.verb;
          this.recipients = null;
        });
      case 'bad hello':
        return this.#no(501);
      case 'noop':
      case 'help':
        return [step.do === 'noop' ? 250 : 214];
      case 'quit':
        this.closed = true;
        return [221];
      case 'bogus':
      case 'bare LF':
        return this.#no(500);
      case 'starttls':
        return this.#starttls(step.decision);
      case 'auth':
        return this.#auth(step);
      case 'mail':
      case 'rcpt':
      case 'data':
        // RFC 3207 4: before TLS, where it is required, nothing else is answered.
        return this.#lacksTls ? this.#no(530) : this.#mailing(step);
      default:
        return this.#lacksTls ? this.#no(530) : this.#mailing({ do: step.do });
    }
  }

  get #lacksTls(): boolean {
    return this.rules.tlsRequired && !this.tls;
  }

  #mailing(step: Mailing): number[] {
    switch (step.do) {
      case 'rset':
        this.recipients = null;
        return [250];
      case 'vrfy':
        return [252];
      case 'expn':
        return this.#no(502);
      case 'mail':
        return this.#mail(step);
      case 'rcpt':
        if (this.hello === null || this.recipients === null) return this.#no(503);
        if (step.path !== 'good') return this.#no(501);
        if (this.recipients >= this.rules.maxRecipients) return [452];
        return this.#ask(step.decision, 250, () => {
          this.recipients = (this.recipients ?? 0) + 1;
        });
      case 'data':
        return this.#data(step);
    }
  }

  #mail(step: Extract<Step, { do: 'mail' }>): number[] {
    if (this.hello === null || this.recipients !== null) return this.#no(503);
    if (this.rules.authRequired && !this.authenticated) return this.#no(530);
    if (step.with === 'bad path') return this.#no(501);
    // RFC 5321 2.2.1: HELO has no parameters.
    const parameters = step.with === 'size' || step.with === 'big size' || step.with === 'unknown';
    if (parameters && (this.hello === 'HELO' || step.with === 'unknown')) return this.#no(555);
    if (step.with === 'big size') return this.#no(552);
    if (step.with === 'utf8') return this.#no(550);
    return this.#ask(step.decision, 250, () => {
      this.recipients = 0;
    });
  }

  #data(step: Extract<Step, { do: 'data' }>): number[] {
    if (this.hello === null || this.recipients === null) return this.#no(503);
    if (this.recipients === 0) return this.#no(554);
    this.asked.push(step.decision);
    if (step.decision !== 'yes') return this.#no(step.decision);
    this.recipients = null;
    if (step.body === 'bare') return [354, ...this.#no(550)];
    if (step.body === 'big') return [354, ...this.#no(552)];
    const verdict = this.#ask(step.end, 250, () => {
      this.stored++;
      this.errors = 0;
    });
    return [354, ...verdict];
  }

  #starttls(decision: Decision): number[] {
    // An extension: HELO offers none, and before a hello the client knows none.
    if (this.hello !== 'EHLO' || this.recipients !== null || this.tls) return this.#no(503);
    return this.#ask(decision, 220, () => {
      // RFC 3207 4.2: back to the start.
      this.tls = true;
      this.hello = null;
      this.authenticated = false;
    });
  }

  #auth({ how, decision }: Extract<Step, { do: 'auth' }>): number[] {
    // After HELO as well: devices send it there.
    if (this.hello === null || this.recipients !== null) return this.#no(503);
    if (this.#lacksTls) return this.#no(538);
    if (this.authenticated) return this.#no(503);
    if (how === 'unknown') return this.#no(504);
    if (how === 'broken') return this.#no(501);
    if (how === 'cancel') return [334, ...this.#no(501)];
    const challenges = how === 'login' ? [334, 334] : [];
    const verdict = this.#ask(decision, 235, () => {
      this.authenticated = true;
    });
    return [...challenges, ...verdict];
  }

  #ask(decision: Decision, code: number, yes: () => void): number[] {
    this.asked.push(decision);
    if (decision !== 'yes') return this.#no(decision);
    yes();
    return [code];
  }

  /** RFC 5321 3.8: 421 closes. So do too many errors. */
  #no(code: number): number[] {
    if (code >= 500) this.errors++;
    this.closed = code === 421 || this.errors >= this.rules.maxErrors;
    return [this.closed ? 421 : code];
  }
}
