import * as z from 'zod';

const time = z.string();

export const buildpackInstallation = z.object({
  ordinal: z.number(),
  buildpack: z.object({ url: z.string(), name: z.string() }),
});
export type BuildpackInstallationResource = z.infer<typeof buildpackInstallation>;

/** A buildpack as a registry of them shows it. */
export const registryBuildpack = z.object({
  id: z.string(),
  name: z.string(),
  namespace: z.string(),
  full_name: z.string(),
  description: z.string(),
  category: z.string(),
  license: z.string().nullable(),
  blob_url: z.string(),
  support: z.object({ method: z.string(), address: z.string() }),
  source: z.object({ type: z.string(), owner: z.string(), repo: z.string() }),
  created_at: time,
  updated_at: time,
});

export const registryRevision = z.object({
  id: z.string(),
  version: z.number(),
  release: z.string(),
  status: z.string(),
  blob_url: z.string().nullable(),
  created_at: time,
  updated_at: time,
});

export const appFeature = z.object({
  id: z.string(),
  name: z.string(),
  display_name: z.string(),
  description: z.string(),
  doc_url: z.string(),
  feedback_email: z.string(),
  state: z.string(),
  enabled: z.boolean(),
  created_at: time,
  updated_at: time,
});
