/** What is joined at a time: characters and pieces together. */
const MOST = 512 * 1024;

/**
 * A text that is made of many pieces.
 *
 * A list of all pieces of a text of megabytes takes many times the memory of the text, and so does a string that was made by
 * `+` or `replace` until it is read for the first time. If a thread has not that much, V8 may end the whole process. So the pieces
 * are joined now and then.
 */
export class JoinedText {
  #text = '';
  #pieces: string[] = [];
  #waiting = 0;

  add(piece: string): void {
    this.#pieces.push(piece);
    this.#waiting += piece.length + 1;
    if (this.#waiting > MOST) this.#join();
  }

  get text(): string {
    this.#join();
    return this.#text;
  }

  #join(): void {
    this.#text += this.#pieces.join('');
    this.#pieces = [];
    this.#waiting = 0;
  }
}

/** Does what `replace` does with a pattern that is global, with memory in proportion to the text. */
export function replaced(text: string, pattern: RegExp, change: (match: RegExpExecArray) => string): string {
  const others = new JoinedText();
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    others.add(text.slice(from, match.index));
    others.add(change(match));
    from = match.index + match[0].length;
  }
  others.add(text.slice(from));
  return others.text;
}
