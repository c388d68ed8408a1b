import { Fault } from '../../../src/base/fault.js';
import { mkdir, readFile, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unixLines } from '../../../src/delivery/transports/files/content.js';
import { parseFilesUrl } from '../../../src/delivery/transports/files/target.js';
import { openFilesTransport } from '../../../src/delivery/transports/files/transport.js';
import type { Transport } from '../../../src/delivery/transports/transport.js';
import { scratch } from '../../scratch.js';
import { RUNNING, recipient, shipment } from './shipment.js';

const MESSAGE = 'Subject: x\r\n\r\nOne\r\n.\r\nTwo\r\n';

function open(form: 'maildir' | 'file', directory: string, now?: () => number): Transport {
  return openFilesTransport({ form, directory }, { hostname: 'mx.example.com', ...(now && { now }) });
}

describe('parseFilesUrl', () => {
  it.each([
    ['maildir:/var/mail/archive', { form: 'maildir', directory: '/var/mail/archive' }],
    ['MAILDIR:./mail', { form: 'maildir', directory: './mail' }],
    ['file:mail 100%', { form: 'file', directory: 'mail 100%' }],
    ['file:///var/my%20mail', { form: 'file', directory: '/var/my mail' }],
    ['file:', new Fault('file: needs the path of a folder after it')],
    ['maildir://host/mail', new Fault('maildir: takes no host; an absolute path is maildir:/PATH')],
    ['file:///a%2fb', new Fault('file: has a path that is not valid in a URL')],
    ['file:a\0b', new Fault('file: needs the path of a folder after it')],
    ['mbox:/x', new Fault('it is neither maildir:PATH nor file:PATH')],
  ])('reads %s', (text, target) => {
    expect(parseFilesUrl(text)).toEqual(target);
  });
});

describe('maildir', () => {
  it('gets one file for a shipment, with the fields of a final delivery and LF line ends', async () => {
    const folder = join(await scratch(), 'deep', 'mail');
    const transport = open('maildir', folder);
    const deliveries = await transport.send(
      shipment(MESSAGE, { to: ['a@x.example', 'b@x.example'] }),
      RUNNING,
    );
    const [name = ''] = await readdir(join(folder, 'new'));
    expect(name).toMatch(/^1767225600\.R[0-9a-f]{32}\.mx\.example\.com$/);
    const delivery = { outcome: 'delivered', reply: `written to new/${name}` };
    expect(deliveries).toMatchObject([
      { position: 0, ...delivery },
      { position: 1, ...delivery },
    ]);
    expect(await readFile(join(folder, 'new', name), 'utf8')).toBe(
      'Return-Path: <bounces@example.com>\nDelivered-To: a@x.example\nDelivered-To: b@x.example\n' +
        'Subject: x\n\nOne\n.\nTwo\n',
    );
    expect((await stat(join(folder, 'new', name))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    expect(await readdir(join(folder, 'cur'))).toEqual([]);
    expect(transport.name).toBe(`maildir:${folder}`);
  });

  it('ignores odd entries in tmp', async () => {
    const folder = await scratch();
    const old = new Date(Date.now() - 72 * 3_600_000);
    await mkdir(join(folder, 'tmp/folder'), { recursive: true });
    await symlink('nowhere', join(folder, 'tmp/dangling'));
    await symlink('looping', join(folder, 'tmp/looping'));
    await writeFile(join(folder, 'tmp/leftover'), 'x');
    for (const name of ['folder', 'leftover']) await utimes(join(folder, 'tmp', name), old, old);
    const [delivery] = await open('maildir', folder).send(shipment(MESSAGE), RUNNING);
    expect(delivery).toMatchObject({ outcome: 'delivered' });
    expect((await readdir(join(folder, 'tmp'))).sort()).toEqual(['dangling', 'folder', 'looping']);
  });

  it('gets no second file from a second attempt, by the same server or the next one', async () => {
    const folder = await scratch();
    const transport = open('maildir', folder, () => Date.UTC(2025, 0, 1));
    await transport.send(shipment(MESSAGE), RUNNING);
    const [name = ''] = await readdir(join(folder, 'new'));
    // A reader has moved the file: the transport still remembers it.
    await rename(join(folder, 'new', name), join(folder, 'cur', `${name}:2,S`));
    await transport.send(shipment(MESSAGE), RUNNING);
    const [delivery] = await open('maildir', folder).send(shipment(MESSAGE), RUNNING);
    expect(delivery).toMatchObject({ outcome: 'delivered', reply: `written to cur/${name}:2,S` });
    expect(await readdir(join(folder, 'new'))).toEqual([]);

    await open('maildir', folder).send(shipment(MESSAGE, { idempotencyKey: 'another' }), RUNNING);
    const later = { recipients: [recipient(3, 'c@x.example')] };
    await open('maildir', folder).send(shipment(MESSAGE, later), RUNNING);
    expect(await readdir(join(folder, 'new'))).toHaveLength(2);
  });

  it('starts again after an attempt that was cut off, and removes old leftovers', async () => {
    const folder = await scratch();
    await open('maildir', folder).send(shipment(MESSAGE), RUNNING);
    const [name = ''] = await readdir(join(folder, 'new'));
    await rename(join(folder, 'new', name), join(folder, 'tmp', name));
    await writeFile(join(folder, 'tmp', name), 'Return-Pa');
    const old = join(folder, 'tmp', '1.R0.gone');
    await writeFile(old, 'x');
    await utimes(old, 1, 1);
    await writeFile(join(folder, 'tmp', '2.R0.young'), 'x');
    await open('maildir', folder).send(shipment(MESSAGE), RUNNING);
    expect(await readFile(join(folder, 'new', name), 'utf8')).toContain('Two\n');
    expect(await readdir(join(folder, 'tmp'))).toEqual(['2.R0.young']);
  });
});

describe('file', () => {
  it('gets an .eml file named after the id, with the octets unchanged', async () => {
    const folder = await scratch();
    const content = Buffer.from('Subject: x\r\n\r\n\0\xff\r\nno end', 'latin1');
    await open('file', folder).send(shipment(content, { reversePath: '' }), RUNNING);
    const names = await readdir(folder);
    expect(names).toEqual(['.tmp', expect.stringMatching(/^244572499505152-[0-9a-f]{8}\.eml$/)]);
    expect(await readFile(join(folder, names[1] ?? ''))).toEqual(
      Buffer.concat([Buffer.from('Return-Path: <>\r\nDelivered-To: you@example.net\r\n'), content]),
    );
    await open('file', folder).send(shipment(content), RUNNING);
    expect(await readdir(folder)).toHaveLength(2);
  });
});

describe('failures', () => {
  it('defers while the folder cannot be made, and delivers once it can', async () => {
    const folder = join(await scratch(), 'mail');
    await writeFile(folder, 'in the way');
    const transport = open('maildir', folder);
    expect(await transport.send(shipment(MESSAGE), RUNNING)).toMatchObject([
      {
        outcome: 'deferred',
        transportFailed: true,
        reply: expect.stringMatching(/^cannot write to the folder: (?:ENOTDIR|EEXIST)/),
      },
    ]);
    await rm(folder);
    expect(await transport.send(shipment(MESSAGE), RUNNING)).toMatchObject([{ outcome: 'delivered' }]);
  });

  it('leaves no file if the content breaks off, and rejects', async () => {
    const folder = await scratch();
    const broken = shipment(MESSAGE, {
      async *content() {
        yield Buffer.from('Subject: x\r\n');
        throw new Error('the store is gone');
      },
    });
    await expect(open('maildir', folder).send(broken, RUNNING)).rejects.toThrow('the store is gone');
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    expect(await readdir(join(folder, 'new'))).toEqual([]);
  });

  it('gets no message that another server may have', async () => {
    const folder = await scratch();
    await mkdir(join(folder, 'new'));
    const [delivery] = await open('maildir', folder).send(
      shipment(MESSAGE, { isHeld: () => false }),
      RUNNING,
    );
    expect(delivery).toMatchObject({ outcome: 'deferred', reply: 'another server may have the message' });
    expect(await readdir(join(folder, 'new'))).toEqual([]);
  });

  it('begins nothing while the server stops', async () => {
    const folder = await scratch();
    await mkdir(join(folder, 'new'));
    const [delivery] = await open('maildir', folder).send(shipment(MESSAGE), AbortSignal.abort());
    expect(delivery).toMatchObject({ outcome: 'deferred', reply: 'the server is stopping' });
    expect(delivery?.transportFailed).toBeUndefined();
    expect(await readdir(join(folder, 'new'))).toEqual([]);
  });
});

describe('unixLines', () => {
  it('turns every CRLF into LF and changes nothing else, however the content is split', async () => {
    const octet = fc.constantFrom('\r', '\n', 'a', '\xff', '\0');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(octet).map((list) => list.join(''))), async (texts) => {
        async function* pieces(): AsyncGenerator<Uint8Array> {
          for (const text of texts) yield Buffer.from(text, 'latin1');
        }
        let made = '';
        for await (const piece of unixLines(pieces())) made += Buffer.from(piece).toString('latin1');
        expect(made).toBe(texts.join('').replaceAll('\r\n', '\n'));
      }),
    );
  });
});
