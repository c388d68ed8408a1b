import type { ServerFacts } from '../../api/schemas/server.js';

/** The settings that an app is configured with. */
export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** `starttls`: TLS is offered on the same port. `implicit`: TLS from the first octet. */
  readonly encryption: 'starttls' | 'implicit' | 'none';
  /** Clients do not trust the certificate by themselves. */
  readonly selfSigned: boolean;
}

/**
 * Returns the settings for the first port of SMTP; null if there is none.
 *
 * @param pageHost the name by which the browser reaches the server: for a port on all addresses, an app does too
 */
export function smtpSettings(facts: ServerFacts, pageHost: string): SmtpSettings | null {
  const { listeners, certificate, hostname } = facts;
  const port = listeners.find(({ protocol }) => protocol === 'smtp');
  if (port === undefined) return null;
  const everywhere = port.address === '0.0.0.0' || port.address === '::';
  const selfSigned = certificate === 'self-signed';
  const reachable = everywhere ? pageHost : hostOf(port.address);
  return {
    // A certificate of an authority is for the name of the server; on loopback no one has such a name.
    host: selfSigned || isLoopback(port.address) ? reachable : hostname,
    port: port.port,
    encryption: port.tls === 'off' ? 'none' : port.tls === 'implicit' ? 'implicit' : 'starttls',
    selfSigned: selfSigned && port.tls !== 'off',
  };
}

/** Returns one line for a shell that sends a message. curl makes the message from it, with the line ends of SMTP. */
export function curlLine(settings: SmtpSettings, domain: string, token: string): string {
  const { host, port, encryption, selfSigned } = settings;
  const [sender, recipient] = [`app@${domain}`, 'you@example.net'];
  return [
    `curl --url ${encryption === 'implicit' ? 'smtps' : 'smtp'}://${host}:${port}`,
    ...(encryption === 'starttls' ? ['--ssl-reqd'] : []),
    ...(selfSigned ? ['--insecure'] : []),
    `--user "${token}:${token}" --mail-from ${sender} --mail-rcpt ${recipient}`,
    `-H 'From: ${sender}' -H 'To: ${recipient}' -H 'Subject: Hello' -H 'X-OMS-Tags: first' -F '=It works.'`,
  ].join(' ');
}

function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
