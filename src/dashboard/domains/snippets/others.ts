import { curlLine } from '../../server/smtp-settings.js';
import { lines, type Snippet, type Values } from './snippet.js';

export function curl({ settings, domain, token }: Values): Snippet {
  return { file: 'in a terminal', code: curlLine(settings, domain, token) };
}

export function go({ settings, domain, token }: Values): Snippet {
  const { host, port, encryption, selfSigned } = settings;
  const implicit = encryption === 'implicit';
  return {
    file: 'main.go: go get github.com/wneessen/go-mail',
    code: lines(
      'package main',
      '',
      'import (',
      selfSigned ? '\t"crypto/tls"' : null,
      '\t"log"',
      '',
      '\t"github.com/wneessen/go-mail"',
      ')',
      '',
      'func main() {',
      '\tm := mail.NewMsg()',
      `\tm.From("app@${domain}")`,
      '\tm.To("you@example.net")',
      '\tm.Subject("Hello")',
      '\tm.SetGenHeader("X-OMS-Tags", "welcome")',
      '\tm.SetBodyString(mail.TypeTextPlain, "It works.")',
      '',
      `\tclient, err := mail.NewClient("${host}", mail.WithPort(${port}),`,
      `\t\tmail.WithSMTPAuth(mail.${encryption === 'none' ? 'SMTPAuthPlainNoEnc' : 'SMTPAuthPlain'}),`,
      `\t\tmail.WithUsername("${token}"), mail.WithPassword("${token}"),`,
      implicit ? '\t\tmail.WithSSL(),' : null,
      encryption === 'none' ? '\t\tmail.WithTLSPolicy(mail.NoTLS),' : null,
      selfSigned ? '\t\t// Development only: the certificate is self-signed.' : null,
      selfSigned ? '\t\tmail.WithTLSConfig(&tls.Config{InsecureSkipVerify: true}),' : null,
      '\t)',
      '\tif err != nil {',
      '\t\tlog.Fatal(err)',
      '\t}',
      '\tif err := client.DialAndSend(m); err != nil {',
      '\t\tlog.Fatal(err)',
      '\t}',
      '}',
    ),
  };
}

export function spring({ settings, token }: Values): Snippet {
  const { host, port, encryption, selfSigned } = settings;
  return {
    file: 'application.properties',
    code: lines(
      `spring.mail.host=${host}`,
      `spring.mail.port=${port}`,
      `spring.mail.username=${token}`,
      `spring.mail.password=${token}`,
      'spring.mail.properties.mail.smtp.auth=true',
      encryption === 'starttls' ? 'spring.mail.properties.mail.smtp.starttls.required=true' : null,
      encryption === 'starttls' ? 'spring.mail.properties.mail.smtp.starttls.enable=true' : null,
      encryption === 'implicit' ? 'spring.mail.properties.mail.smtp.ssl.enable=true' : null,
      selfSigned ? '# Development only: the certificate is self-signed' : null,
      selfSigned ? `spring.mail.properties.mail.smtp.ssl.trust=${host}` : null,
    ),
  };
}

export function wordpress({ settings, domain, token }: Values): Snippet {
  const { host, port, encryption, selfSigned } = settings;
  const secure = { starttls: 'tls', implicit: 'ssl', none: '' }[encryption];
  return {
    file: 'functions.php of the theme, or a plugin of your own',
    code: lines(
      "add_action('phpmailer_init', function ($mailer) {",
      '    $mailer->isSMTP();',
      `    $mailer->Host = '${host}';`,
      `    $mailer->Port = ${port};`,
      '    $mailer->SMTPAuth = true;',
      `    $mailer->Username = '${token}';`,
      `    $mailer->Password = '${token}';`,
      `    $mailer->SMTPSecure = '${secure}';`,
      selfSigned ? '    // Development only: the certificate is self-signed.' : null,
      selfSigned
        ? "    $mailer->SMTPOptions = ['ssl' => ['verify_peer' => false, 'verify_peer_name' => false]];"
        : null,
      "    $mailer->addCustomHeader('X-OMS-Tags', 'wordpress');",
      '});',
      `add_filter('wp_mail_from', fn () => 'wordpress@${domain}');`,
    ),
  };
}
