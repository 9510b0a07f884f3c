// `* as z` lets a bundler leave out what is not used: the command line loads a quarter of it, in half the time.
import * as z from 'zod';

/**
 * The resources of the HTTP API, named and shaped as in the Heroku Platform API v3, so that its clients work.
 * A client parses tolerantly: what it does not know is dropped, never an error.
 */
const ref = z.object({ id: z.string(), name: z.string() });
const person = z.object({ id: z.string(), email: z.string() });
const time = z.string();

export const account = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  allow_tracking: z.boolean(),
  beta: z.boolean(),
  country_of_residence: z.string().nullable(),
  default_organization: ref.nullable(),
  default_team: ref.nullable(),
  delinquent_at: time.nullable(),
  federated: z.boolean(),
  identity_provider: ref.nullable(),
  last_login: time.nullable(),
  sms_number: z.string().nullable(),
  suspended_at: time.nullable(),
  two_factor_authentication: z.boolean(),
  verified: z.boolean(),
  created_at: time,
  updated_at: time,
});
export type AccountResource = z.infer<typeof account>;

export const key = z.object({
  id: z.string(),
  comment: z.string(),
  email: z.string(),
  fingerprint: z.string(),
  public_key: z.string(),
  created_at: time,
  updated_at: time,
});
export type KeyResource = z.infer<typeof key>;

export const app = z.object({
  id: z.string(),
  name: z.string(),
  owner: person,
  git_url: z.string(),
  web_url: z.string().nullable(),
  region: ref,
  stack: ref,
  build_stack: ref,
  generation: ref,
  acm: z.boolean(),
  maintenance: z.boolean(),
  archived_at: time.nullable(),
  buildpack_provided_description: z.string().nullable(),
  internal_routing: z.boolean().nullable(),
  organization: ref.nullable(),
  team: ref.nullable(),
  /** Members of its team may not join it by themselves. */
  locked: z.boolean(),
  /** Whether the caller owns it or is a collaborator. */
  joined: z.boolean(),
  space: ref.nullable(),
  create_status: z.literal('complete').optional(),
  repo_size: z.number().nullable(),
  slug_size: z.number().nullable(),
  released_at: time.nullable(),
  created_at: time,
  updated_at: time,
});
export type AppResource = z.infer<typeof app>;

/** What a collaborator may do, in the words of the Platform API. */
export const permission = z.object({ name: z.string(), description: z.string() });
export type PermissionResource = z.infer<typeof permission>;

export const collaborator = z.object({
  id: z.string(),
  app: ref,
  user: person.extend({ federated: z.boolean() }),
  role: z.string().nullable(),
  permissions: z.array(permission),
  created_at: time,
  updated_at: time,
});
export type CollaboratorResource = z.infer<typeof collaborator>;

export const user = z.object({ id: z.string(), email: z.string(), name: z.string().nullable() });
export type UserResource = z.infer<typeof user>;

const teamRole = z.enum(['admin', 'member', 'viewer', 'collaborator']);

export const team = z.object({
  id: z.string(),
  name: z.string(),
  role: teamRole.nullable(),
  type: z.literal('team'),
  default: z.boolean(),
  credit_card_collections: z.boolean(),
  enterprise_account: z.null(),
  identity_provider: z.null(),
  membership_limit: z.number().nullable(),
  provisioned_licenses: z.boolean(),
  created_at: time,
  updated_at: time,
});
export type TeamResource = z.infer<typeof team>;

export const teamMember = z.object({
  id: z.string(),
  email: z.string(),
  role: teamRole,
  user,
  federated: z.boolean(),
  identity_provider: z.null(),
  two_factor_authentication: z.boolean(),
  created_at: time,
  updated_at: time,
});
export type TeamMemberResource = z.infer<typeof teamMember>;

export const teamInvitation = z.object({
  id: z.string(),
  invited_by: user,
  team: ref,
  role: teamRole,
  user,
  created_at: time,
  updated_at: time,
});
export type TeamInvitationResource = z.infer<typeof teamInvitation>;

export const teamFeature = z.object({
  id: z.string(),
  name: z.string(),
  display_name: z.string(),
  description: z.string(),
  doc_url: z.string(),
  enabled: z.boolean(),
  feedback_email: z.string(),
  state: z.string(),
  created_at: time,
  updated_at: time,
});
export type TeamFeatureResource = z.infer<typeof teamFeature>;

export const appTransfer = z.object({
  id: z.string(),
  app: ref,
  owner: person,
  recipient: person,
  state: z.enum(['pending', 'accepted', 'declined']),
  created_at: time,
  updated_at: time,
});
export type AppTransferResource = z.infer<typeof appTransfer>;

/** Our own. Null: `main` or `master`, whichever is deployed first. */
export const deployBranch = z.object({ branch: z.string().nullable() });
export type DeployBranchResource = z.infer<typeof deployBranch>;

export const configVars = z.record(z.string(), z.string());
export type ConfigVarsResource = z.infer<typeof configVars>;

export const release = z.object({
  id: z.string(),
  version: z.number(),
  app: ref,
  status: z.enum(['pending', 'succeeded', 'failed']),
  current: z.boolean(),
  description: z.string(),
  user: person,
  slug: z.object({ id: z.string() }).nullable(),
  artifacts: z.array(z.object({ type: z.string(), id: z.string() })),
  addon_plan_names: z.array(z.string()),
  eligible_for_rollback: z.boolean(),
  output_stream_url: z.string().nullable(),
  /** Ours: why it failed, in one sentence. */
  failure: z.string().nullable(),
  created_at: time,
  updated_at: time,
});
export type ReleaseResource = z.infer<typeof release>;

/** Ours: how an app is moved to a release. A restart is a deployment of the release that runs already. */
export const deployment = z.object({
  id: z.string(),
  app: ref,
  release: z.object({ id: z.string(), version: z.number() }),
  status: z.enum(['pending', 'rolling', 'succeeded', 'failed', 'superseded']),
  failure: z.string().nullable(),
  ledger: z
    .object({ boot_ms: z.number(), switch_ms: z.number(), requests: z.number(), dropped: z.number() })
    .nullable(),
  output_stream_url: z.string(),
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
});
export type DeploymentResource = z.infer<typeof deployment>;

export const formation = z.object({
  id: z.string(),
  app: ref,
  type: z.string(),
  command: z.string(),
  quantity: z.number(),
  size: z.string(),
  dyno_size: ref,
  created_at: time,
  updated_at: time,
});
export type FormationResource = z.infer<typeof formation>;

export const dyno = z.object({
  id: z.string(),
  name: z.string(),
  app: ref,
  type: z.string(),
  command: z.string(),
  state: z.enum(['starting', 'up', 'crashed', 'down']),
  size: z.string(),
  release: z.object({ id: z.string(), version: z.number() }),
  attach_url: z.string().nullable(),
  created_at: time,
  updated_at: time,
});
export type DynoResource = z.infer<typeof dyno>;

export const build = z.object({
  id: z.string(),
  app: z.object({ id: z.string() }),
  status: z.enum(['pending', 'succeeded', 'failed']),
  /** Ours: why it failed, in one sentence. */
  failure: z.string().nullable(),
  user: person,
  release: z.object({ id: z.string() }).nullable(),
  slug: z.object({ id: z.string() }).nullable(),
  source_blob: z.object({
    checksum: z.string().nullable(),
    url: z.string().nullable(),
    version: z.string().nullable(),
    version_description: z.string().nullable(),
  }),
  buildpacks: z.array(z.object({ url: z.string(), name: z.string() })).nullable(),
  stack: z.string(),
  generation: z.string(),
  output_stream_url: z.string(),
  created_at: time,
  updated_at: time,
});
export type BuildResource = z.infer<typeof build>;

/** Where a source can be sent, and where it is then. Both are secrets for an hour. */
export const source = z.object({ source_blob: z.object({ get_url: z.string(), put_url: z.string() }) });

/** The Platform API's word for what a build made: here an image. */
export const slug = z.object({
  id: z.string(),
  blob: z.object({ method: z.string(), url: z.string() }),
  buildpack_provided_description: z.string().nullable(),
  checksum: z.string().nullable(),
  commit: z.string().nullable(),
  commit_description: z.string().nullable(),
  process_types: z.record(z.string(), z.string()),
  size: z.number().nullable(),
  stack: ref,
  created_at: time,
  deleted_at: time.nullable(),
  updated_at: time,
});
export type SlugResource = z.infer<typeof slug>;

export const logSession = z.object({
  id: z.string(),
  logplex_url: z.string(),
  created_at: time,
  updated_at: time,
});
export type LogSessionResource = z.infer<typeof logSession>;

export const stack = z.object({
  id: z.string(),
  name: z.string(),
  default: z.boolean(),
  state: z.string(),
  created_at: time,
  updated_at: time,
});
export type StackResource = z.infer<typeof stack>;

export const region = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  country: z.string(),
  locale: z.string(),
  private_capable: z.boolean(),
  provider: z.object({ name: z.string(), region: z.string() }),
  created_at: time,
  updated_at: time,
});
export type RegionResource = z.infer<typeof region>;

export const dynoSize = z.object({
  id: z.string(),
  name: z.string(),
  architecture: z.string(),
  compute: z.number(),
  cost: z.null(),
  dedicated: z.boolean(),
  generation: ref,
  memory: z.number(),
  precise_dyno_units: z.number(),
  private_space_only: z.boolean(),
});
export type DynoSizeResource = z.infer<typeof dynoSize>;

/** What every answer with a status of 400 or more carries. */
export const failure = z.object({
  id: z.string(),
  message: z.string(),
  resource: z.string().optional(),
  url: z.string().optional(),
  /** Ours: true when the same call may succeed later. */
  retry: z.boolean().default(false),
  /** Ours: finds the call in the platform's log. */
  request_id: z.string().default(''),
});
export type FailureResource = z.infer<typeof failure>;

export const domain = z.object({
  id: z.string(),
  app: ref,
  hostname: z.string(),
  /** `heroku`: the address that every app has; `custom`: somebody's own. */
  kind: z.enum(['heroku', 'custom']),
  /** Where the host's own DNS must lead; null for the address that every app has. */
  cname: z.string().nullable(),
  status: z.string(),
  acm_status: z.string().nullable(),
  acm_status_reason: z.string().nullable(),
  sni_endpoint: ref.nullable(),
  created_at: time,
  updated_at: time,
});
export type DomainResource = z.infer<typeof domain>;

/** A certificate, by the Platform API's name for where it is served. */
export const sniEndpoint = z.object({
  id: z.string(),
  name: z.string(),
  app: ref,
  display_name: z.string().nullable(),
  certificate_chain: z.string(),
  /** Ids of the domains that show it. */
  domains: z.array(z.string()),
  ssl_cert: z.object({
    id: z.string(),
    cert_domains: z.array(z.string()),
    issuer: z.string(),
    subject: z.string(),
    starts_at: time,
    expires_at: time,
    'self_signed?': z.boolean(),
    'ca_signed?': z.boolean(),
    acm: z.boolean(),
  }),
  created_at: time,
  updated_at: time,
});
export type SniEndpointResource = z.infer<typeof sniEndpoint>;
