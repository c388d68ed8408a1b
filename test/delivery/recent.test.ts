import { expect, it } from 'vitest';
import { Recent } from '../../src/base/bounded-map.js';

it('keeps the latest values, at most as many as fit', () => {
  const recent = new Recent<string, number>(2);
  const known = (): (number | undefined)[] => ['a', 'b', 'c'].map((key) => recent.get(key));
  recent.set('a', 1);
  recent.set('b', 2);
  expect(known()).toEqual([1, 2, undefined]);
  recent.set('a', 3);
  recent.set('c', 4);
  expect(known()).toEqual([3, undefined, 4]);
  recent.forget('c');
  recent.set('b', 5);
  expect(known()).toEqual([3, 5, undefined]);
});
