import libmime from 'libmime';
import type { Part } from './part.js';

/**
 * Returns the name of an attachment: its own, else `attachment-2.ics`, made of its place, counted from 1, and its
 * type.
 */
export function attachmentName({ fileName, type }: Part, place: number): string {
  if (fileName !== null) return fileName;
  const extension = libmime.detectExtension(type);
  // `att` is for a type without a registered extension: mail APIs accept it, but not "bin".
  return `attachment-${place}.${extension === 'bin' ? 'att' : extension}`;
}

/** Parameters that are left out: the name is given elsewhere, and the boundary is about the parts of a multipart. */
const LEFT_OUT = new Set(['name', 'boundary']);

/** token (RFC 2045 5.1): a value that needs no quotes. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Returns the type of a part with its parameters, except its name (RFC 2045 5.1, RFC 2231 4 beyond ASCII). */
export function contentTypeOf({ type, parameters }: Part): string {
  const kept = [...parameters].filter(([name]) => TOKEN.test(name) && !LEFT_OUT.has(name));
  return [type, ...kept.map(([name, value]) => parameter(name, value))].join('; ');
}

function parameter(name: string, value: string): string {
  if (TOKEN.test(value)) return `${name}=${value}`;
  if (/^[ -~]*$/.test(value)) return `${name}="${value.replace(/["\\]/g, '\\$&')}"`;
  const encoded = encodeURIComponent(value).replace(/['()*]/g, (character) => `%${hex(character)}`);
  return `${name}*=utf-8''${encoded}`;
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase();
}
