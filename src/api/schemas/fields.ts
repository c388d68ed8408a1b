/** Fields that several schemas have. */
import { z } from 'zod';
import { STATUSES } from '../../store/message.js';

export const status = z.enum(STATUSES);

/** ISO 8601, in UTC. */
export const time = z.iso.datetime();

/** A parameter that may be given several times. */
export function several<T extends z.ZodType>(each: T): z.ZodPipe<z.ZodTransform, z.ZodArray<T>> {
  return z.preprocess(
    (value: unknown) => (Array.isArray(value) ? (value as unknown[]) : [value]),
    z.array(each).min(1).max(20),
  ) as z.ZodPipe<z.ZodTransform, z.ZodArray<T>>;
}

/** A whole number in a query, with its bounds. */
export function count(least: number, most: number): z.ZodType<number, string> {
  const problem = `is not a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,16}$/, problem)
    .transform(Number)
    .refine((value) => value >= least && value <= most, problem);
}

/** The id of a message in a path or a query. */
export const messageId = z
  .string()
  .regex(/^[1-9]\d{0,15}$/, 'is not the id of a message')
  .transform(Number)
  .refine((id) => Number.isSafeInteger(id), 'is not the id of a message');

/** The same in a body. */
export const messageNumber = z.int().positive();
