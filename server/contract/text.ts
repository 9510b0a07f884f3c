import * as z from 'zod';

/**
 * Text that is shown again, to its writer and to others: whatever shows it, no character of it may move the cursor, begin
 * a line, or turn the direction of what is around it.
 */
export const oneLine = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u, ONE_LINE);

export const ONE_LINE = 'must be one line of text without control characters';
