// Text in other character sets than UTF-8. In the package `postern` Node's own decoders read it, in a checkout those of the
// gateway: test/package/check.mjs runs these tests on the package as well.
import { expect, it, onTestFinished } from 'vitest';
import { connect } from '../../src/client/index.js';
import { startMail } from '../../src/testing/index.js';

const octets = (hexadecimal: string): Buffer => Buffer.from(hexadecimal.replaceAll(' ', ''), 'hex');

it.each([
  ['us-ascii', '48 65 6c 6c 6f', 'Hello'],
  ['iso-8859-1', '63 61 66 e9', 'café'],
  ['windows-1252', '93 35 20 80 94', '“5 €”'],
  ['iso-8859-15', '35 20 a4', '5 €'],
  ['iso-8859-2', 'b1 e6', 'ąć'],
  ['windows-1251', 'cf f0 e8 e2 e5 f2', 'Привет'],
  ['koi8-r', 'f0 d2 c9 d7 c5 d4', 'Привет'],
  ['shift_jis', '82 b1 82 f1', 'こん'],
  ['iso-2022-jp', '1b 24 42 24 33 24 73 1b 28 42', 'こん'],
  ['euc-kr', 'b0 a1', '가'],
  ['gb2312', 'c4 e3', '你'],
  ['big5', 'a7 41', '你'],
  ['utf-16le', '48 00 e9 00', 'Hé'],
])('decodes text and subject in %s', async (charset, hexadecimal, text) => {
  const mail = await startMail();
  onTestFinished(() => mail.close());
  const base64 = octets(hexadecimal).toString('base64');
  const client = await connect({ host: mail.host, port: mail.port });
  await client.send({
    from: 'app@example.com',
    to: ['you@example.net'],
    content: [
      `Subject: =?${charset}?B?${base64}?=`,
      'MIME-Version: 1.0',
      `Content-Type: text/plain; charset=${charset}`,
      'Content-Transfer-Encoding: base64',
      '',
      base64,
      '',
    ].join('\r\n'),
  });
  await client.quit();
  const message = await mail.waitFor();
  expect([message.subject, message.text?.trim()]).toEqual([text, text]);
});
