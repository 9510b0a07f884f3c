import * as z from 'zod';
import { oneLine } from './text.ts';

const owner = z.object({ id: z.string(), name: z.string() });

export const logDrain = z.object({
  /** No add-on makes drains here. */
  addon: z.null(),
  app: owner,
  created_at: z.string(),
  id: z.string(),
  token: z.string(),
  updated_at: z.string(),
  url: z.string(),
});
export type LogDrainResource = z.infer<typeof logDrain>;

export const addLogDrain = z.strictObject({ url: oneLine(2_000) });
