// Which of several hosts is connected to: the first that can be opened, without waiting for one that does not answer.
import { expect, it } from 'vitest';
import type { StoreError } from '../../src/store/port.js';
import { Hosts } from '../../src/store/postgres/hosts.js';

const LIST = ['first', 'second', 'third'].map((host) => ({ host, port: 5432 }));
const first = ([error]: readonly StoreError[]): StoreError => error as StoreError;
const never = new Promise<never>(() => undefined);

/** Finds a host by what each one does. Returns what was found, and which hosts were asked. */
async function find(
  hosts: Hosts,
  does: Readonly<Record<string, () => Promise<string>>>,
  dropped: string[] = [],
): Promise<{ found: string; asked: string[] }> {
  const asked: string[] = [];
  const open = ({ host }: { host: string }): Promise<string> => {
    asked.push(host);
    return (does[host] ?? (() => Promise.resolve(host)))();
  };
  const found = await hosts.find(open, (late) => void dropped.push(late), first);
  return { found, asked };
}

it('asks the next host if one fails', async () => {
  const refuses = () => Promise.reject(new Error('no'));
  expect(await find(new Hosts(LIST), { first: refuses })).toEqual({
    found: 'second',
    asked: ['first', 'second'],
  });
});

it('asks the next host while one does not answer', async () => {
  expect(await find(new Hosts(LIST), { first: () => never, second: () => never })).toEqual({
    found: 'third',
    asked: ['first', 'second', 'third'],
  });
});

it('begins with the host that was found last, and asks the others if it fails', async () => {
  const hosts = new Hosts(LIST);
  await find(hosts, { first: () => never });
  expect(await find(hosts, {})).toEqual({ found: 'second', asked: ['second'] });
  const gone = () => Promise.reject(new Error('gone'));
  expect(await find(hosts, { second: gone })).toEqual({ found: 'first', asked: ['second', 'first'] });
});

it('drops a connection that comes too late', async () => {
  let answer: (host: string) => void = () => undefined;
  const late = () => new Promise<string>((resolve) => (answer = resolve));
  const dropped: string[] = [];
  expect(await find(new Hosts(LIST), { first: late }, dropped)).toMatchObject({ found: 'second' });
  answer('late');
  await expect.poll(() => dropped).toEqual(['late']);
});

it('rejects once all have failed, whatever the order', async () => {
  const hosts = new Hosts(LIST.slice(0, 2));
  const slow = () => new Promise<string>((_, reject) => setTimeout(reject, 300, new Error('slow')));
  const quick = () => Promise.reject(new Error('quick'));
  await expect(find(hosts, { first: slow, second: quick })).rejects.toThrow('quick');
  await expect(find(hosts, { first: quick, second: slow })).rejects.toThrow('quick');
});
