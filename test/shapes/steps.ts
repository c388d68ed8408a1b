/**
 * Counts the steps that code takes, so that a test can show that work grows in proportion to its input. V8 counts how
 * often each block of the code runs, as coverage tools do, so that no code exists for a test alone. Methods of the
 * platform that read their whole input are counted by the octets, characters or entries that they read. A regular
 * expression counts by the characters up to the end of its match; it is not seen if it reads them more than once.
 */
import { type Profiler, Session } from 'node:inspector';

type Method = (this: never, ...args: never[]) => unknown;
interface Sized {
  readonly length?: number;
}
/** Returns what a call read, from its object, its arguments and its result. */
type Cost = (self: Sized, args: readonly unknown[], result: unknown) => number;

const lengthOf = (value: unknown): number => (value as Sized | undefined)?.length ?? 1;
const wholeOf: Cost = (self) => lengthOf(self);
const ofResult: Cost = (_self, _args, result) => lengthOf(result);
const ofFirst: Cost = (_self, [first]) => lengthOf(first);

/** A search reads from its start to what it finds, or to the end. */
const upToResult: Cost = (self, [, start], result) => {
  const from = typeof start === 'number' ? Math.max(0, start) : 0;
  const to = typeof result === 'number' && result >= 0 ? result : lengthOf(self);
  return Math.max(1, to - from);
};

const TYPED = Object.getPrototypeOf(Uint8Array.prototype) as object;

const METHODS: readonly (readonly [owner: object, names: readonly PropertyKey[], cost: Cost])[] = [
  [Array.prototype, ['includes', 'indexOf', 'lastIndexOf', 'sort', 'shift', 'unshift', 'splice'], wholeOf],
  [Array.prototype, ['slice', 'concat', 'join', 'reverse'], ofResult],
  // As spreading does.
  [Array.prototype, [Symbol.iterator], wholeOf],
  [Buffer.prototype, ['indexOf', 'includes'], upToResult],
  [Buffer.prototype, ['lastIndexOf', 'equals', 'compare'], wholeOf],
  [Buffer.prototype, ['toString', 'latin1Slice', 'utf8Slice', 'asciiSlice'], ofResult],
  [Buffer, ['concat'], ofResult],
  [Buffer, ['from'], ofFirst],
  [TYPED, ['set'], ofFirst],
  [TYPED, ['slice'], ofResult],
  [TYPED, ['fill'], wholeOf],
  [String.prototype, ['indexOf', 'includes'], upToResult],
  [
    String.prototype,
    ['split', 'trim', 'trimEnd', 'trimStart', 'toLowerCase', 'toUpperCase', 'replaceAll'],
    wholeOf,
  ],
  [String.prototype, ['normalize', 'repeat', 'padEnd', 'padStart'], ofResult],
  [JSON, ['stringify'], ofResult],
  [TextDecoder.prototype, ['decode'], ofFirst],
];

/** Runs code while the methods of the platform are counted. Returns how much they read. */
function countNative(code: () => void): number {
  let read = 0;
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: PropertyKey, wrap: (real: Method) => Method): void => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (descriptor === undefined) throw new Error(`there is no method ${String(name)}`);
    Object.defineProperty(owner, name, { ...descriptor, value: wrap(descriptor.value as Method) });
    undo.push(() => Object.defineProperty(owner, name, descriptor));
  };
  for (const [owner, names, cost] of METHODS) {
    for (const name of names) {
      replace(
        owner,
        name,
        (real) =>
          function (this: never, ...args) {
            const result: unknown = real.apply(this, args);
            read += cost(this, args, result);
            return result;
          },
      );
    }
  }
  // The methods of strings that take a regular expression call this one.
  replace(
    RegExp.prototype,
    'exec',
    (real) =>
      function (this: RegExp, text: string) {
        const from = this.global || this.sticky ? this.lastIndex : 0;
        const match = real.apply(this as never, [text as never]) as RegExpExecArray | null;
        const end = match === null ? (this.sticky ? from : text.length) : match.index + match[0].length;
        read += Math.max(1, end - from);
        return match;
      },
  );
  try {
    code();
  } finally {
    for (const one of undo.reverse()) one();
  }
  return read;
}

/** Counts the steps of one test file. */
export class StepCounter {
  readonly #inspector = new Session();

  /** @param counted matches the URLs of the modules whose blocks are counted */
  constructor(private readonly counted: RegExp) {
    this.#inspector.connect();
    this.#ask('Profiler.enable');
    this.#ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Runs code, and returns the number of its steps. */
  stepsOf(code: () => void): number {
    this.#ask('Profiler.takePreciseCoverage');
    let steps = countNative(code);
    const { result } = this.#ask('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
    for (const { url, functions } of result) {
      if (!this.counted.test(url)) continue;
      for (const { ranges } of functions) for (const { count } of ranges) steps += count;
    }
    return steps;
  }

  close(): void {
    this.#inspector.disconnect();
  }

  #ask(method: string, parameters: object = {}): unknown {
    let result: unknown;
    this.#inspector.post(method, parameters, (error, answer) => {
      if (error !== null) throw error;
      result = answer;
    });
    return result;
  }
}
