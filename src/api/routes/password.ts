import { z } from 'zod';
import type { Administrator } from '../../store/sessions.js';
import { clientOf } from '../client.js';
import type { Api, ApiContext } from '../context.js';
import { fieldError } from '../errors.js';
import { holdBack, type Throttle } from '../plugins/authorization.js';
import { passwordChange } from '../schemas/session.js';
import type { SessionCookie } from '../sign-in/cookie.js';
import { LEAST_PASSWORD_LENGTH, type PasswordCheck, passwordRecord } from '../sign-in/password.js';
import type { SignedIn } from '../sign-in/sessions.js';

interface PasswordRoute {
  readonly signedIn: SignedIn;
  readonly administrator: Administrator;
  readonly passwords: PasswordCheck;
  readonly cookie: SessionCookie;
  readonly throttle: Throttle;
}

/** `PUT /api/v1/password`: gives the administrator another password. */
export function passwordRoute(app: Api, context: ApiContext, options: PasswordRoute): void {
  const { signedIn, administrator, passwords, cookie, throttle } = options;
  app.put(
    '/api/v1/password',
    {
      config: { access: 'administrator' },
      schema: {
        summary: 'Change the password of the administrator; all other sessions of the administrator end',
        tags: ['sessions'],
        body: passwordChange,
        response: { 204: z.null() },
      },
      // Streams of the ended sessions close after the new cookie has arrived, so that this page stays signed in.
      onResponse: async () => context.credentialsChanged(),
    },
    async (request, reply) => {
      const { current, password } = request.body;
      if (password.length < LEAST_PASSWORD_LENGTH) {
        throw fieldError('password', `needs ${LEAST_PASSWORD_LENGTH} characters or more`);
      }
      if (!(await passwords.matches(current, await administrator.password()))) {
        await holdBack(throttle, request.ip);
        throw fieldError('current', 'is wrong');
      }
      await administrator.setPassword(await passwordRecord(password), { onlyIfNone: false });
      const secret = await signedIn.begin({ kind: 'administrator' }, clientOf(request));
      if (secret !== null) cookie.set(reply, secret);
      return reply.code(204).send(null);
    },
  );
}
