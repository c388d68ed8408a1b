/**
 * Arrays as PostgreSQL reads them in its binary format. `pg` sends a `Buffer` as it is, so a statement gets the values of
 * a whole group in one parameter for each column, without text in between.
 *
 *     int32 dimensions = 1 | int32 1 if there are nulls | int32 type | int32 length | int32 lower bound = 1
 *     then for each element: int32 octets, or -1 for null | octets
 */
const HEAD = 20;

/** The types of elements, by their object ids in `pg_type`. */
const TYPE = { bytea: 17, int8: 20, int2: 21, int4: 23, text: 25, float8: 701 } as const;

function begin(type: number, length: number, octets: number): Buffer {
  const array = Buffer.allocUnsafe(HEAD + octets);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(1, 4);
  array.writeInt32BE(type, 8);
  array.writeInt32BE(length, 12);
  array.writeInt32BE(1, 16);
  return array;
}

function fixed(
  type: number,
  width: number,
  values: readonly (number | null)[],
  write: (array: Buffer, value: number, at: number) => void,
): Buffer {
  const array = begin(type, values.length, values.length * (4 + width));
  let at = HEAD;
  for (const value of values) {
    array.writeInt32BE(value === null ? -1 : width, at);
    at += 4;
    if (value === null) continue;
    write(array, value, at);
    at += width;
  }
  return array.subarray(0, at);
}

/** Values are safe integers. */
export function int8Array(values: readonly (number | null)[]): Buffer {
  return fixed(TYPE.int8, 8, values, (array, value, at) => {
    const high = Math.floor(value / 2 ** 32);
    array.writeInt32BE(high, at);
    array.writeUInt32BE(value - high * 2 ** 32, at + 4);
  });
}

export function int4Array(values: readonly (number | null)[]): Buffer {
  return fixed(TYPE.int4, 4, values, (array, value, at) => void array.writeInt32BE(value, at));
}

export function float8Array(values: readonly number[]): Buffer {
  return fixed(TYPE.float8, 8, values, (array, value, at) => void array.writeDoubleBE(value, at));
}

/**
 * PostgreSQL refuses NUL in a text, and with it the whole statement. NUL becomes U+FFFD; so does a surrogate that has no
 * partner, when the text is written as UTF-8.
 */
export function cleanText(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
}

export function textArray(values: readonly (string | null)[]): Buffer {
  const clean = values.map((value) => (value === null ? null : cleanText(value)));
  let octets = 0;
  for (const value of clean) octets += 4 + (value === null ? 0 : Buffer.byteLength(value));
  const array = begin(TYPE.text, clean.length, octets);
  let at = HEAD;
  for (const value of clean) {
    const length = value === null ? -1 : array.write(value, at + 4);
    array.writeInt32BE(length, at);
    at += 4 + Math.max(0, length);
  }
  return array.subarray(0, at);
}

/** Copies the octets: the buffers that they are in may be used again. */
export function byteaArray(values: readonly Uint8Array[]): Buffer {
  const octets = values.reduce((sum, { length }) => sum + 4 + length, 0);
  const array = begin(TYPE.bytea, values.length, octets);
  let at = HEAD;
  for (const value of values) {
    array.writeInt32BE(value.length, at);
    array.set(value, at + 4);
    at += 4 + value.length;
  }
  return array;
}
