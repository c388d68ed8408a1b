import { signal, type ReadonlySignal } from '@preact/signals';
import type { ServerFacts } from '../../api/schemas/server.js';
import { request } from '../api/request.js';

const current = signal<ServerFacts | null>(null);

/** Ports, TLS and version of the server; null until it has answered. */
export const serverFacts: ReadonlySignal<ServerFacts | null> = current;

/** Asks for the facts, once for all pages. */
export async function loadServerFacts(): Promise<void> {
  if (current.peek() === null) current.value = await request<ServerFacts>('GET', '/api/v1/server');
}
