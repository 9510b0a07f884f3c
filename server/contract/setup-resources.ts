import * as z from 'zod';

const status = z.enum(['pending', 'succeeded', 'failed']);

export const appSetup = z.object({
  id: z.string(),
  app: z.object({ id: z.string(), name: z.string() }),
  status,
  failure_message: z.string().nullable(),
  /** What is wrong with app.json, or is not used here, in sentences. */
  manifest_errors: z.array(z.string()),
  build: z.object({ id: z.string(), status, output_stream_url: z.string() }).nullable(),
  postdeploy: z.object({ output: z.string(), exit_code: z.number() }).nullable(),
  resolved_success_url: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type AppSetupResource = z.infer<typeof appSetup>;
