import { effect, signal, type ReadonlySignal } from '@preact/signals';
import { who } from '../session/session.js';

const tokens = signal<ReadonlyMap<string, string>>(new Map());

/** Tokens that were made on these pages, by domain. The server never shows them again; they go with the page. */
export const newTokens: ReadonlySignal<ReadonlyMap<string, string>> = tokens;

export function keepToken(domain: string, token: string): void {
  tokens.value = new Map([...tokens.peek(), [domain, token]]);
}

effect(() => {
  if (who.value === null) tokens.value = new Map();
});
