import { lines, type Snippet, type Values } from './snippet.js';

/** The names of `config/mail.php` as Laravel has it since version 11. What MAIL_URL says goes before the other values. */
export function laravel({ settings, domain, token }: Values): Snippet {
  const { host, port, encryption, selfSigned } = settings;
  const user = encodeURIComponent(token);
  return {
    file: '.env',
    code: lines(
      'MAIL_MAILER=smtp',
      encryption === 'implicit' ? 'MAIL_SCHEME=smtps' : null,
      `MAIL_HOST=${host}`,
      `MAIL_PORT=${port}`,
      `MAIL_USERNAME=${token}`,
      `MAIL_PASSWORD=${token}`,
      selfSigned
        ? '# Development only: the certificate is self-signed. Remove this line in production.'
        : null,
      selfSigned ? `MAIL_URL="smtp://${user}:${user}@${host}:${port}?verify_peer=0"` : null,
      `MAIL_FROM_ADDRESS=app@${domain}`,
      'MAIL_FROM_NAME="${APP_NAME}"',
      '',
      "# A tag, in a mailable: new Headers(text: ['X-OMS-Tags' => 'welcome'])",
    ),
  };
}

export function symfony({ settings, domain, token }: Values): Snippet {
  const { host, port, encryption, selfSigned } = settings;
  const user = encodeURIComponent(token);
  const options = [
    ...(encryption === 'none' ? ['auto_tls=false'] : []),
    ...(selfSigned ? ['verify_peer=0'] : []),
  ];
  const query = options.length === 0 ? '' : `?${options.join('&')}`;
  return {
    file: '.env.local',
    code: lines(
      selfSigned ? '# verify_peer=0 is for development: the certificate is self-signed' : null,
      `MAILER_DSN="${encryption === 'implicit' ? 'smtps' : 'smtp'}://${user}:${user}@${host}:${port}${query}"`,
      '',
      `# ->from('app@${domain}'), and a tag: $email->getHeaders()->addTextHeader('X-OMS-Tags', 'welcome')`,
    ),
  };
}
