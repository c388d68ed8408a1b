import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/store/postgres/address.js';

describe('the URL of a database', () => {
  it('may have any character in its user name and password, percent-encoded', () => {
    expect(parseAddress('postgres://a%40b:%40%2F%3F%23%25@db1,db2:5433/mail')).toMatchObject({
      user: 'a@b',
      password: '@/?#%',
      hosts: [
        { host: 'db1', port: 5432 },
        { host: 'db2', port: 5433 },
      ],
      database: 'mail',
    });
  });

  it.each(['pass@8765', '12/8765', '12/34@8765', '12?8765', 'pass?8765', 'pass@8765?8765', '12#8765'])(
    'is refused with the password %s as it is, without a part of it in the message',
    (password) => {
      const parse = (): unknown => parseAddress(`postgres://user:${password}@127.0.0.1/mail`);
      expect(parse).toThrow('percent-encode @, /, ?, # and % in its user name and password');
      expect(parse).not.toThrow('8765');
    },
  );
});
