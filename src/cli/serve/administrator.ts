import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  LEAST_PASSWORD_LENGTH,
  newPassword,
  PasswordCheck,
  passwordRecord,
} from '../../api/sign-in/password.js';
import { ADMIN_PASSWORD_VARIABLE } from '../../config/index.js';
import type { Administrator } from '../../store/sessions.js';
import { UsageError } from '../error.js';

/** Name of the file in which a first start without a terminal leaves the password. */
const PASSWORD_FILE = 'admin-password';

/**
 * Makes sure that the administrator has a password: the given one, or else that of an earlier start, or else a new
 * one.
 *
 * @param given the value of POSTERN_ADMIN_PASSWORD
 * @param terminal whether a person reads what is returned
 * @returns what to say about a new password; empty if there is no new one
 */
export async function administratorPassword(
  administrator: Administrator,
  given: string | undefined,
  data: string,
  terminal: boolean,
): Promise<string> {
  if (given !== undefined && given !== '') {
    await setGiven(administrator, given);
    return '';
  }
  if ((await administrator.password()) !== null) return '';
  const password = newPassword();
  const first = await administrator.setPassword(await passwordRecord(password), { onlyIfNone: true });
  if (!first) return '';
  if (terminal) {
    return `The password of the administrator, for the dashboard, is shown this once:

  ${password}

`;
  }
  const file = join(data, PASSWORD_FILE);
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  // The mode given to writeFile is only used for a new file.
  await chmod(file, 0o600);
  return `The password of the administrator, for the dashboard, is in ${file}; remove the file once you have read it.\n\n`;
}

async function setGiven(administrator: Administrator, given: string): Promise<void> {
  if (given.length < LEAST_PASSWORD_LENGTH) {
    throw new UsageError(
      `${ADMIN_PASSWORD_VARIABLE} is too short: it needs ${LEAST_PASSWORD_LENGTH} characters or more`,
    );
  }
  // If it were set anew, each start would end the sessions of the administrator.
  if (await new PasswordCheck(1).matches(given, await administrator.password())) return;
  await administrator.setPassword(await passwordRecord(given), { onlyIfNone: false });
}
