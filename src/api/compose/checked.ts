import type { z } from 'zod';
import { ApiError } from '../errors.js';
import { fieldErrors } from '../field-errors.js';

/** Reads a value by its schema. @throws ApiError with the problems by field */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ApiError('wrong_format');
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ApiError('invalid', { fields: fieldErrors(result.error.issues) });
}
