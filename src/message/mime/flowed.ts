/**
 * Number of slices that are joined at once, so that a text of millions of short lines does not become millions of
 * strings.
 */
const AT_ONCE = 4096;

/**
 * Joins the lines of `format=flowed` to paragraphs (RFC 3676 4): if a line ends with a space and the next one is
 * quoted equally deep, the paragraph continues there; a space at the start of a line is stuffing; `-- ` separates a
 * signature. Reads each line once.
 *
 * @param deleteSpace `delsp=yes`: the space at which a line was cut is not part of the text
 */
export function unflow(text: string, deleteSpace: boolean): string {
  const out = new Joiner();
  /** Depth of quoting of the paragraph that continues; -1 between paragraphs. */
  let open = -1;
  for (let at = 0; at <= text.length;) {
    const lf = text.indexOf('\n', at);
    const end = lf < 0 ? text.length : lf;
    let start = at;
    while (text[start] === '>') start += 1;
    const quoting = start - at;
    const prefix = text.slice(at, start);
    if (text[start] === ' ' && start < end) start += 1;
    const isSignature = text.slice(start, end) === '-- ';
    const flows = !isSignature && end > start && text[end - 1] === ' ';
    const content = text.slice(start, flows && deleteSpace ? end - 1 : end);
    if (open === quoting && !isSignature) out.add(content);
    else {
      if (open >= 0) out.add('\n');
      out.add(prefix === '' ? content : `${prefix} ${content}`);
    }
    open = flows && lf >= 0 ? quoting : -1;
    if (lf >= 0 && open < 0) out.add('\n');
    at = lf < 0 ? text.length + 1 : lf + 1;
  }
  return out.text();
}

class Joiner {
  #slices: string[] = [];
  #text = '';

  add(slice: string): void {
    if (this.#slices.push(slice) >= AT_ONCE) this.#join();
  }

  text(): string {
    this.#join();
    return this.#text;
  }

  #join(): void {
    this.#text += this.#slices.join('');
    this.#slices = [];
  }
}
