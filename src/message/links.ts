/** Finds links and one-time codes in the text of a message. The work is in proportion to the text. */
import { JoinedText, replaced } from '../base/joined-text.js';

export interface Link {
  readonly url: string;
  /** What a reader sees in its place; null if that is the URL itself. */
  readonly text: string | null;
}

/** Links and codes of one message that are returned. */
const MOST_LINKS = 500;
const MOST_CODES = 20;
/** Tags, or what looks like a code, that are looked at in one message: each costs some thousand characters of work. */
const MOST_TRIED = 10_000;
/** Longest URL, and characters of the text of a link. */
const URL_LENGTH = 4096;
const TEXT_LENGTH = 200;
/** Longest tag, and characters between a tag and its end tag, that are looked at. */
const TAG_LENGTH = 8192;

/** The text of a message in its two forms; null for one that it does not have. */
interface MessageText {
  readonly text: string | null;
  readonly html: string | null;
}

/** Returns the links of a message, those of its HTML first, each URL once. */
export function findLinks({ text, html }: MessageText): Link[] {
  const links = [...(html === null ? [] : htmlLinks(html)), ...(text === null ? [] : textLinks(text))];
  const first = new Map<string, Link>();
  for (const link of links) if (!first.has(link.url)) first.set(link.url, link);
  return [...first.values()];
}

/** Returns what looks like a one-time code in the plain text, or in the HTML of a message without plain text. */
export function findCodes({ text, html }: MessageText): string[] {
  return codesIn(text ?? plainOf(html ?? ''));
}

const URLS = /https?:\/\/[^\s<>"'`\\^{|}]{1,4096}/gi;

/** Returns the http: and https: URLs in a text, in their order, with repeats. */
export function textLinks(text: string): Link[] {
  const links: Link[] = [];
  for (const [match] of text.matchAll(URLS)) {
    const url = withoutPunctuation(match);
    if (URL.canParse(url)) links.push({ url, text: null });
    if (links.length === MOST_LINKS) break;
  }
  return links;
}

/** A full stop or a closing bracket after a URL belongs to the sentence, unless the URL opens that bracket. */
function withoutPunctuation(url: string): string {
  let end = url.length;
  let unopened = url.split(')').length - url.split('(').length;
  for (; end > 0; end--) {
    const last = url.charAt(end - 1);
    if (last === ')' && unopened <= 0) break;
    if (!'.,;:!?)]*_'.includes(last)) break;
    if (last === ')') unopened -= 1;
  }
  return url.slice(0, end);
}

/** Returns the links of an HTML text, in their order, with repeats. */
export function htmlLinks(html: string): Link[] {
  const links: Link[] = [];
  let tags = 0;
  for (const { index: at } of html.matchAll(/<a(?=\s)/gi)) {
    tags += 1;
    if (tags > MOST_TRIED || links.length === MOST_LINKS) break;
    const window = html.slice(at, at + TAG_LENGTH);
    const end = window.indexOf('>');
    if (end < 0) continue;
    const [, double, single, bare] =
      /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i.exec(window.slice(0, end)) ?? [];
    const url = decodeEntities(double ?? single ?? bare ?? '').trim();
    if (url.length > URL_LENGTH || !/^(?:https?|mailto):/i.test(url) || !URL.canParse(url)) continue;
    const close = window.search(/<\/a/i);
    const text = plainOf(window.slice(end + 1, Math.max(close, end + 1)))
      .replace(/\s+/g, ' ')
      .trim();
    links.push({ url, text: text === '' || text === url ? null : text.slice(0, TEXT_LENGTH) });
  }
  return links;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

const ENTITY = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi;

function decodeEntities(text: string): string {
  return replaced(text, ENTITY, ([whole, hex, decimal, name]) => characterOf(hex, decimal, name) ?? whole);
}

function characterOf(hex?: string, decimal?: string, name?: string): string | null {
  if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? null;
  const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : null;
}

/** Returns the words of an HTML text: without tags, styles and scripts. Blocks begin on lines of their own. */
export function plainOf(html: string): string {
  const kept = new JoinedText();
  for (let at = 0; at < html.length;) {
    const open = html.indexOf('<', at);
    if (open < 0) {
      kept.add(html.slice(at));
      break;
    }
    kept.add(html.slice(at, open));
    const close = html.indexOf('>', open);
    if (close < 0) break;
    const name = /^<(\/?[a-z0-9]{1,10})/i.exec(html.slice(open, open + 12))?.[1]?.toLowerCase() ?? '';
    at = close + 1;
    if (name === 'style' || name === 'script') {
      const endTag = name === 'style' ? /<\/style/gi : /<\/script/gi;
      endTag.lastIndex = at;
      at = endTag.exec(html)?.index ?? html.length;
    } else if (!INLINE.test(name)) kept.add('\n');
  }
  return decodeEntities(kept.text);
}

const INLINE = /^\/?(?:a|b|i|u|em|strong|span|font|small|code|tt|sup|sub)$/;

/** Words that announce a code, in the languages that services write most. */
const ANNOUNCED =
  /(?:code|kode|código|codice|pin|otp|tan|password|passcode|kennwort|contraseña|token|verif|confirm)/i;
/** 4 to 8 digits, 3 and 3 digits, or 6 to 8 capital letters and digits. */
const CODES =
  /(?<![\w.,/#-])(?:\d{4,8}|\d{3}[ -]\d{3}|(?=[A-Z]*\d)[A-Z\d]{6,8}|[A-Z\d]{3,4}-[A-Z\d]{3,4})(?![\w/-]|[.,]\d)/g;
/** Characters before and after a code in which it may be announced. */
const BEFORE = 80;
const AFTER = 40;

/** Returns what looks like a one-time code: alone on its line, or close to a word that announces it. */
export function codesIn(text: string): string[] {
  const plain = replaced(text, URLS, () => ' ');
  const codes = new Set<string>();
  let tried = 0;
  for (const { 0: match, index } of plain.matchAll(CODES)) {
    tried += 1;
    if (tried > MOST_TRIED || codes.size === MOST_CODES) break;
    if (!/\d/.test(match)) continue;
    const around = plain.slice(Math.max(0, index - BEFORE), index + match.length + AFTER);
    const isAnnounced = ANNOUNCED.test(around);
    if (isAnnounced || isAlone(plain, index, index + match.length)) codes.add(match.replace(/[ -]/g, ''));
  }
  return [...codes];
}

function isAlone(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 20), start);
  const after = text.slice(end, end + 20);
  return /(?:^|\n)[ \t]*$/.test(before) && /^[ \t]*(?:\r?\n|$)/.test(after);
}
