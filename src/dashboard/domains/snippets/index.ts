import { curl, go, spring, wordpress } from './others.js';
import { laravel, symfony } from './php.js';
import { django, nodemailer, rails } from './scripts.js';
import type { Snippet, Values } from './snippet.js';

/** By the name of the framework, in the order in which they are offered. */
export const SNIPPETS = {
  nodemailer,
  Rails: rails,
  Laravel: laravel,
  Django: django,
  Symfony: symfony,
  curl,
  Go: go,
  Spring: spring,
  WordPress: wordpress,
} as const satisfies Readonly<Record<string, (values: Values) => Snippet>>;

export type SnippetName = keyof typeof SNIPPETS;
