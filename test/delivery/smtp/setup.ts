import { Fault } from '../../../src/base/fault.js';
import { onTestFinished } from 'vitest';
import {
  openSmarthost,
  parseSmarthost,
  type SmtpEnvironment,
} from '../../../src/delivery/transports/smtp/index.js';
import type { Delivery, Shipment, Transport } from '../../../src/delivery/transports/transport.js';
import { RUNNING } from '../files/shipment.js';

/** Opens a smarthost by its URL, until the end of the test. */
export function smarthost(url: string, environment: Partial<SmtpEnvironment> = {}): Transport {
  const target = parseSmarthost(url);
  if (target instanceof Fault) throw new Error(`${url}: ${target.reason}`);
  const transport = openSmarthost(target, { hostname: 'gateway.example', ...environment });
  onTestFinished(() => transport.close());
  return transport;
}

/** Sends, and returns the delivery of each recipient, in the order of the envelope. */
export async function send(
  transport: Transport,
  shipment: Shipment,
  signal: AbortSignal = RUNNING,
): Promise<Delivery[]> {
  const deliveries = await transport.send(shipment, signal);
  return [...deliveries].sort((a, b) => a.position - b.position);
}

/** Returns `outcome reply` for each delivery. */
export function outcomesOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ outcome, reply }) => `${outcome} ${reply}`);
}
