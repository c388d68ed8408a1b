/** Real clients against the real server: every one over every link of one port, by either mechanism. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'vitest';
import { scratch } from '../scratch.js';
import { expectArrived } from './arrived.js';
import { has, MESSAGE, RECIPIENTS, runClient, SENDER, type Sending, WAYS } from './clients.js';
import { GatewayProcess } from './gateway-process.js';

interface Client {
  /** The package that has it, as Debian calls it. */
  readonly package: string;
  readonly there: boolean;
  readonly send: (sending: Sending) => Promise<unknown>;
}

// On a busy machine a client takes its time from the connection to its ClientHello; swaks first loads its
// TLS library.
const PATIENT = ['--smtp-tls-detect', '600ms'];

const CLIENTS: Record<string, Client> = {
  curl: {
    package: 'curl',
    there: has('curl'),
    send: async ({ port, token, link, mechanism }) => {
      const file = join(await scratch(), 'message');
      await writeFile(file, MESSAGE);
      const scheme = link === 'implicit' ? 'smtps' : 'smtp';
      return runClient('curl', [
        '--silent',
        '--show-error',
        '--insecure',
        ...(link === 'starttls' ? ['--ssl-reqd'] : []),
        ...['--url', `${scheme}://127.0.0.1:${port}`],
        ...['--user', `${token}:${token}`, '--login-options', `AUTH=${mechanism}`],
        ...['--mail-from', SENDER, ...RECIPIENTS.flatMap((to) => ['--mail-rcpt', to])],
        ...['--upload-file', file],
      ]);
    },
  },
  swaks: {
    package: 'swaks',
    there: has('swaks'),
    send: ({ port, token, link, mechanism }) =>
      runClient('swaks', [
        ...['--server', '127.0.0.1', '--port', String(port), '--helo', 'client.example'],
        ...['--auth', mechanism, '--auth-user', token, '--auth-password', token],
        ...(link === 'plain' ? [] : [link === 'implicit' ? '--tls-on-connect' : '--tls']),
        ...['--from', SENDER, '--to', RECIPIENTS.join(','), '--suppress-data'],
        // The dots are stuffed by swaks, the line ends made by it.
        ...['--data', MESSAGE.replaceAll('\r\n', '\n').trimEnd()],
      ]),
  },
  msmtp: {
    package: 'msmtp',
    there: has('msmtp'),
    send: ({ port, token, link, mechanism }) =>
      runClient(
        'msmtp',
        [
          ...['--host=127.0.0.1', `--port=${port}`, `--from=${SENDER}`, `--user=${token}`],
          ...[`--passwordeval=echo ${token}`, `--auth=${mechanism.toLowerCase()}`],
          ...[`--tls=${link === 'plain' ? 'off' : 'on'}`, '--tls-certcheck=off'],
          ...[`--tls-starttls=${link === 'starttls' ? 'on' : 'off'}`],
          ...['--', ...RECIPIENTS],
        ],
        MESSAGE.replaceAll('\r\n', '\n'),
      ),
  },
  'smtplib of Python': {
    package: 'python3',
    there: has('python3'),
    send: ({ port, token, link, mechanism }) =>
      runClient(
        'python3',
        ['-c', SMTPLIB, String(port), link, mechanism, token, SENDER, ...RECIPIENTS],
        MESSAGE,
      ),
  },
};

const SMTPLIB = `
import smtplib, ssl, sys
port, link, mechanism, token, sender, *recipients = sys.argv[1:]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
if link == 'implicit':
    smtp = smtplib.SMTP_SSL('127.0.0.1', int(port), context=context, timeout=15)
else:
    smtp = smtplib.SMTP('127.0.0.1', int(port), timeout=15)
if link == 'starttls':
    smtp.starttls(context=context)
smtp.ehlo()
smtp.user = smtp.password = token
smtp.auth(mechanism, getattr(smtp, 'auth_' + mechanism.lower()))
smtp.sendmail(sender, recipients, sys.stdin.buffer.read(), mail_options=['BODY=8BITMIME'])
smtp.quit()
`;

for (const [name, { there, package: missing, send }] of Object.entries(CLIENTS)) {
  it.skipIf(!there)(
    `${name} sends over every link by either mechanism${there ? '' : ` (skipped: the package ${missing} is not installed)`}`,
    async () => {
      const gateway = await GatewayProcess.start({ args: PATIENT });
      const { port, token } = gateway;
      for (const way of WAYS) await send({ port, token, ...way });
      await expectArrived(gateway, WAYS);
    },
    120_000,
  );
}
