import { createTransport } from 'nodemailer';
import { it } from 'vitest';
import { expectArrived } from './arrived.js';
import { MESSAGE, RECIPIENTS, SENDER, WAYS } from './clients.js';
import { GatewayProcess } from './gateway-process.js';

it('nodemailer sends over every link by either mechanism', async () => {
  const gateway = await GatewayProcess.start({ args: ['--smtp-tls-detect', '500ms'] });
  const { port, token } = gateway;
  for (const { link, mechanism } of WAYS) {
    const transport = createTransport({
      host: '127.0.0.1',
      port,
      secure: link === 'implicit',
      requireTLS: link === 'starttls',
      ignoreTLS: link === 'plain',
      tls: { rejectUnauthorized: false },
      auth: { user: token, pass: token },
      authMethod: mechanism,
    });
    await transport.sendMail({ envelope: { from: SENDER, to: RECIPIENTS, use8BitMime: true }, raw: MESSAGE });
    transport.close();
  }
  await expectArrived(gateway, WAYS);
}, 120_000);
