import { z } from 'zod';

/** The form of an error of this API. */
export const errorBody = z.object({
  error: z.string(),
  code: z.string(),
  errors: z.record(z.string(), z.array(z.string())).optional(),
  at: z.object({ start: z.int(), length: z.int() }).optional(),
});

export type ErrorBody = z.output<typeof errorBody>;

/** The form of an error of the mail API: one of the two. */
export const mailErrorBody = z.object({
  error: z.string().optional(),
  errors: z.record(z.string(), z.array(z.string())).optional(),
});
