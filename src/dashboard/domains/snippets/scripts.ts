import { lines, type Snippet, type Values } from './snippet.js';

export function nodemailer({ settings, domain, token }: Values): Snippet {
  const { host, port, encryption, selfSigned } = settings;
  return {
    file: 'npm install nodemailer',
    code: lines(
      "import { createTransport } from 'nodemailer';",
      '',
      'const transport = createTransport({',
      `  host: '${host}',`,
      `  port: ${port},`,
      encryption === 'implicit' ? '  secure: true,' : null,
      encryption === 'starttls' ? '  requireTLS: true,' : null,
      `  auth: { user: '${token}', pass: '${token}' },`,
      selfSigned
        ? '  tls: { rejectUnauthorized: false }, // development only: the certificate is self-signed'
        : null,
      '});',
      '',
      'await transport.sendMail({',
      `  from: 'app@${domain}',`,
      "  to: 'you@example.net',",
      "  subject: 'Hello',",
      "  text: 'It works.',",
      "  headers: { 'X-OMS-Tags': 'welcome' },",
      '});',
    ),
  };
}

export function rails({ settings, token }: Values): Snippet {
  const { host, port, encryption, selfSigned } = settings;
  return {
    file: 'config/environments/production.rb, or development.rb',
    code: lines(
      'config.action_mailer.delivery_method = :smtp',
      'config.action_mailer.smtp_settings = {',
      `  address: "${host}",`,
      `  port: ${port},`,
      `  user_name: "${token}",`,
      `  password: "${token}",`,
      '  authentication: :plain,',
      encryption === 'starttls' ? '  enable_starttls: true,' : null,
      encryption === 'implicit' ? '  tls: true,' : null,
      selfSigned ? '  openssl_verify_mode: "none", # development only: the certificate is self-signed' : null,
      '}',
      '',
      '# In a mailer, a tag: headers["X-OMS-Tags"] = "welcome"',
    ),
  };
}

export function django({ settings, domain, token }: Values): Snippet {
  const { host, port, encryption, selfSigned } = settings;
  return {
    file: 'settings.py',
    code: lines(
      'EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"',
      `EMAIL_HOST = "${host}"`,
      `EMAIL_PORT = ${port}`,
      encryption === 'starttls' ? 'EMAIL_USE_TLS = True' : null,
      encryption === 'implicit' ? 'EMAIL_USE_SSL = True' : null,
      `EMAIL_HOST_USER = "${token}"`,
      `EMAIL_HOST_PASSWORD = "${token}"`,
      `DEFAULT_FROM_EMAIL = "app@${domain}"`,
      `SERVER_EMAIL = "app@${domain}"`,
      '',
      selfSigned
        ? '# Development: start Django with SSL_CERT_FILE=/path/to/data/tls/self-signed.crt, the certificate of Postern'
        : null,
      '# A tag: EmailMessage(..., headers={"X-OMS-Tags": "welcome"})',
    ),
  };
}
