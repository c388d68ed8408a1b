import { expect, it } from 'vitest';
import { TlsHabits } from '../../src/server/admission/tls-habits.js';
import { FIXED } from '../../src/server/limits.js';

const IN_A_ROW = FIXED.plainInARow.initial;
const MEMORY = FIXED.tlsHabitMemory.initial;
const times = (count: number, act: () => void): void => {
  for (let i = 0; i < count; i++) act();
};

it('expects plain after several plain connections in a row, of that network alone', () => {
  const habits = new TlsHabits(() => 0);
  times(IN_A_ROW - 1, () => habits.plain('a'));
  expect(habits.expectsPlain('a')).toBe(false);
  habits.plain('a');
  expect(habits.expectsPlain('a')).toBe(true);
  expect(habits.expectsPlain('b')).toBe(false);
});

it('expects nothing for a while after a connection with TLS at once', () => {
  let now = 0;
  const habits = new TlsHabits(() => now);
  times(IN_A_ROW, () => habits.plain('a'));
  habits.tls('a');
  expect(habits.expectsPlain('a')).toBe(false);
  now = MEMORY - 1;
  times(IN_A_ROW, () => habits.plain('a'));
  expect(habits.expectsPlain('a')).toBe(false);
  now = MEMORY;
  times(IN_A_ROW, () => habits.plain('a'));
  expect(habits.expectsPlain('a')).toBe(true);
});

it('forgets a network that was silent for long', () => {
  let now = 0;
  const habits = new TlsHabits(() => now);
  times(IN_A_ROW, () => habits.plain('a'));
  now = MEMORY - 1;
  expect(habits.expectsPlain('a')).toBe(true);
  now = MEMORY;
  expect(habits.expectsPlain('a')).toBe(false);
});

it('remembers a bounded number of networks', () => {
  const habits = new TlsHabits(() => 0);
  times(IN_A_ROW, () => habits.plain('first'));
  times(IN_A_ROW, () => habits.plain('second'));
  for (let i = 0; i < FIXED.rememberedTlsHabits.initial - 1; i++) habits.plain(String(i));
  expect(habits.expectsPlain('first')).toBe(false);
  expect(habits.expectsPlain('second')).toBe(true);
});
