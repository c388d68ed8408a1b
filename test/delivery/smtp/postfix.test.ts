/**
 * Postfix as the smarthost: it understands the commands that it gets. Skipped with the reason if Postfix is not
 * installed.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { recipient, shipment } from '../files/shipment.js';
import { PostfixRelay } from './postfix.js';
import { send, smarthost, outcomesOf } from './setup.js';

const relay = await PostfixRelay.begin();
const missing = typeof relay === 'string' ? relay : '';
afterAll(() => {
  if (typeof relay !== 'string') relay.end();
});

describe.skipIf(missing !== '')(
  `Postfix as smarthost${missing === '' ? '' : `: skipped, ${missing}`}`,
  () => {
    it('accepts messages, recipient by recipient', async () => {
      if (typeof relay === 'string') throw new Error(relay);
      const transport = smarthost(`smtp://127.0.0.1:${relay.port}`);
      const message = shipment('Subject: one\r\n\r\n.a dot\r\n..\r\nd\xe9j\xe0 vu\r\n', {
        recipients: [
          { ...recipient(0, 'good@b.example'), notify: [], originalRecipient: 'rfc822;first+x@b.example' },
          recipient(1, 'more@b.example'),
        ],
      });
      const answers = outcomesOf(await send(transport, message));
      expect(answers).toEqual([
        expect.stringMatching(/^delivered 250 2\.0\.0 Ok/),
        expect.stringMatching(/^deferred 452 4\.5\.3 /),
      ]);
      expect(outcomesOf(await send(transport, shipment('Subject: two\r\n\r\nx\r\n')))[0]).toContain(
        'delivered 250',
      );
      expect(outcomesOf(await send(transport, shipment('x\r\n', { size: 1_000_001 })))[0]).toContain(
        'bounced 5.3.4',
      );
      const taken = relay.taken();
      expect(taken).toContain('dsn_orig_rcpt=rfc822;first+x@b.example');
      expect(taken).toContain('Subject: two');
      expect(Buffer.from(taken, 'latin1').toString()).toContain('\n.a dot\n..\ndéjà vu\n');
      expect(taken).not.toContain('more@');
    });
  },
);
