import * as z from 'zod';

/** Ours: the key that all stored secrets are sealed with; by name, never itself. */
export const masterKeyState = z.object({
  id: z.string(),
  state: z.enum(['current', 'rotating']),
  /** Those whose place it takes, as long as a rotation is under way. */
  former: z.array(z.string()),
  /** Values that are still to be sealed with it. */
  left: z.number(),
  /** Of these, those that no key opens. */
  unreadable: z.number(),
});
export type MasterKeyResource = z.infer<typeof masterKeyState>;
