// An app that sends its mail here, by nodemailer.
import { createTransport, type SendMailOptions } from 'nodemailer';
import type { GatewayProcess } from '../e2e/gateway-process.js';

/** Sends messages one after another over one connection. Resolves to their ids. */
export async function sendMail(
  { port, token }: Pick<GatewayProcess, 'port' | 'token'>,
  ...messages: readonly SendMailOptions[]
): Promise<number[]> {
  const transport = createTransport({
    host: '127.0.0.1',
    port,
    auth: { user: token, pass: token },
    tls: { rejectUnauthorized: false },
    pool: true,
    maxConnections: 1,
  });
  const ids: number[] = [];
  try {
    for (const message of messages) {
      const { response } = await transport.sendMail({
        from: 'Shop <shop@example.com>',
        to: 'anna@example.net',
        text: 'Thank you!',
        ...message,
      });
      ids.push(Number(/queued as (\d+)/.exec(response)?.[1]));
    }
  } finally {
    transport.close();
  }
  return ids;
}

/** Mail as a shop sends it: of several kinds, to several people, with several fates. */
export function shopMail(count: number): SendMailOptions[] {
  const kinds = [
    ['Your order 10482 has been shipped', 'order'],
    ['Reset your password', 'password'],
    ['Welcome to the shop', 'welcome'],
    ['Your receipt for November', 'receipt, billing'],
    ['Your weekly summary: three things to look at before Friday', 'newsletter'],
    ['Anna invited you to the project “Kitchen”', 'invitation'],
  ] as const;
  const people = ['anna', 'bo', 'chidi', 'gone', 'dolores', 'eliot', 'full', 'farah', 'gwen'];
  return Array.from({ length: count }, (_, at) => {
    const [subject, tags] = kinds[at % kinds.length] ?? kinds[0];
    const person = people[at % people.length] ?? 'anna';
    const name = person === 'gone' ? `gone${at}` : person;
    return {
      to: at % 7 === 3 ? [`${name}@example.net`, 'team@example.org'] : `${name}@example.net`,
      subject,
      html: `<h1>${subject}</h1><p>Hello ${name}, this is message ${at}.</p>`,
      headers: { 'X-OMS-Tags': tags },
    };
  });
}
