import type { Criteria } from './criteria.js';
import type { Inbox, NoneOptions, WaitOptions } from './inbox.js';
import type { TestMail } from './test-mail.js';

/** The result of a matcher, as vitest and jest take it. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * Matchers for `expect.extend` of vitest and jest.
 *
 * @example
 * ```js
 * expect.extend(mailMatchers);
 * await expect(mail).toReceive({ to: 'ada@example.com' });
 * await expect(mail).not.toReceive({ subject: 'Invoice' });
 * ```
 */
export const mailMatchers = {
  /** Waits for a message; after `not`, makes sure that none comes. */
  async toReceive(
    this: { readonly isNot?: boolean } | void,
    mail: TestMail | Inbox,
    criteria: Criteria = {},
    options: WaitOptions & NoneOptions = {},
  ): Promise<MatcherResult> {
    const isNot = this?.isNot === true;
    try {
      await (isNot ? mail.none(criteria, options) : mail.waitFor(criteria, options));
      return { pass: !isNot, message: () => 'as expected' };
    } catch (error) {
      const { name, message } = error as Error;
      if (name !== 'AssertionError') throw error;
      return { pass: isNot, message: () => message };
    }
  },
};
