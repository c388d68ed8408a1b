import type { Work } from './work.js';
import { partText } from './content.js';
import type { Part } from './part.js';

/**
 * A message as people see it: one text, in one or two forms, and files. Everything in the message is in one of them.
 */
interface TextAndFiles {
  /** Null if the message has no plain text that says all of it. */
  readonly text: string | null;
  readonly html: string | null;
  /** The files in the order of their parts. */
  readonly files: readonly File[];
}

/** A part that is a file. */
interface File {
  readonly part: Part;
  /** True if it belongs to the HTML, which shows it by its Content-ID (RFC 2387). */
  readonly related: boolean;
}

/** The text and the files of a message, or of a part of it. */
interface PartContent {
  readonly text: string | null;
  readonly html: string | null;
}

/**
 * Sorts the parts of a message into its text and its files.
 *
 * - A leaf is text if it is `text/plain` or `text/html`, is not an `attachment`, and has no file name or is the first
 *   text of all (RFC 2183 2.3).
 * - `multipart/alternative` (RFC 2046 5.1.4) gives its first plain text and its last HTML. Any other form of it, such
 *   as an invitation, is a file.
 * - `multipart/related` (RFC 2387) gives its root as text; its other parts are files.
 * - Any other multipart is a sequence. If plain text and HTML follow each other, the HTML form has both. The plain
 *   form has only the parts with a plain form: if some of the text has no plain form, the whole has no plain form
 *   either.
 *
 * @throws Unreadable as {@link partText} does
 */
export function readTextAndFiles(message: Buffer, root: Part, work: Work): TextAndFiles {
  const reader = new TextAndFilesReader(message, work);
  const said = reader.read(root, 'sequence');
  return { text: said?.text ?? null, html: said?.html ?? null, files: reader.files };
}

/** The kind of multipart that a part stands in. */
type Place = 'sequence' | 'alternative' | 'related';

class TextAndFilesReader {
  readonly files: File[] = [];
  #hasText = false;

  constructor(
    private readonly message: Buffer,
    private readonly work: Work,
  ) {}

  read(part: Part, place: Place): PartContent | null {
    const { type, parts } = part;
    if (type === 'multipart/alternative') return this.#alternative(parts);
    if (type === 'multipart/related') return this.#related(part);
    if (!type.startsWith('multipart/')) return this.#leaf(part, place);
    let said: PartContent | null = null;
    for (const each of parts) said = inSequence(said, this.read(each, 'sequence'));
    return said;
  }

  #leaf(part: Part, place: Place): PartContent | null {
    const named = part.fileName !== null && place !== 'alternative' && this.#hasText;
    const isText = part.type === 'text/plain' || part.type === 'text/html';
    if (!isText || named || part.disposition === 'attachment') {
      this.files.push({ part, related: place === 'related' });
      return null;
    }
    this.#hasText = true;
    const text = partText(this.message, part, this.work);
    return part.type === 'text/html' ? { text: null, html: text } : { text, html: null };
  }

  #alternative(parts: readonly Part[]): PartContent | null {
    const forms = parts.map((part) => ({ part, says: formsOf(part) }));
    const plain = forms.find(({ says }) => says.text)?.part;
    const html = forms.filter(({ says }) => says.html).at(-1)?.part;
    let said = null as PartContent | null;
    for (const part of parts) {
      if (part !== plain && part !== html) {
        this.#asFiles(part);
        continue;
      }
      const form = this.read(part, 'alternative');
      said = { text: said?.text ?? form?.text ?? null, html: form?.html ?? said?.html ?? null };
    }
    return said;
  }

  #related({ parts, parameters }: Part): PartContent | null {
    const start = parameters.get('start')?.replace(/^<(.*)>$/, '$1');
    const root = parts.find(({ contentId }) => contentId !== null && contentId === start) ?? parts[0];
    let said: PartContent | null = null;
    for (const part of parts) {
      if (part === root) said = this.read(part, 'alternative');
      else this.#asFiles(part, true);
    }
    return said;
  }

  #asFiles(part: Part, related = false): void {
    if (part.parts.length === 0) this.files.push({ part, related });
    for (const each of part.parts) this.#asFiles(each, related);
  }
}

/** Returns which forms of text a part has. It does not decode them, so that only the chosen ones are ever decoded. */
function formsOf({ type, disposition, parts }: Part): Forms {
  if (disposition === 'attachment') return { text: false, html: false };
  const inner = parts.map(formsOf);
  return {
    text: type === 'text/plain' || inner.some(({ text }) => text),
    html: type === 'text/html' || inner.some(({ html }) => html),
  };
}

interface Forms {
  readonly text: boolean;
  readonly html: boolean;
}

function inSequence(before: PartContent | null, next: PartContent | null): PartContent | null {
  if (before === null || next === null) return before ?? next;
  const html = before.html === null && next.html === null ? null : `${htmlOf(before)}${htmlOf(next)}`;
  const text = before.text === null || next.text === null ? null : joined(before.text, next.text);
  return { text, html };
}

function joined(before: string, next: string): string {
  return before === '' || before.endsWith('\n') ? before + next : `${before}\n${next}`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function htmlOf({ text, html }: PartContent): string {
  if (html !== null) return html;
  const escaped = (text ?? '').replace(/[&<>]/g, (character) => ENTITIES[character] ?? '');
  return `<div style="white-space: pre-wrap">${escaped}</div>`;
}
