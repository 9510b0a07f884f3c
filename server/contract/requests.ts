import * as z from 'zod';
import { ONE_LINE, oneLine } from './text.ts';

/**
 * What clients may send. Fields that the Platform API knows and that change nothing here are accepted and ignored;
 * a field that nobody knows is a mistake worth telling, so it is refused.
 */
const ignored = z.unknown().optional();

/** Names and ids in paths: what could never name anything does not reach the database. */
export const identity = z.string().regex(/^[A-Za-z0-9_.:+@~-]{1,100}$/);

export const createApp = z.strictObject({
  name: z.string().nullish(),
  region: z.string().nullish(),
  stack: z.string().nullish(),
  feature_flags: ignored,
  generation: ignored,
  locked: ignored,
  personal: ignored,
});

/** `POST /teams/apps`; without a team the app is the caller's own. */
export const createTeamApp = createApp.extend({
  team: identity.nullish(),
  locked: z.boolean().nullish(),
  personal: z.boolean().nullish(),
  space: z.null('must be null: there are no spaces here').optional(),
  internal_routing: ignored,
});

/** An e-mail address, an id, or `~` for oneself. */
const who = z.string().regex(/^[\x21-\x7e]{1,254}$/, 'must be the e-mail address or the id of somebody');
const permissions = z
  .array(z.string().max(30), { error: 'must be a list such as ["view", "deploy"]' })
  .min(1, 'must name at least one permission')
  .max(10);

export const addCollaborator = z.strictObject({
  user: who,
  silent: z.boolean().optional(),
  permissions: permissions.optional(),
});
export const updateCollaborator = z.strictObject({ permissions });

const TEAM_ROLE = { error: 'must be admin, member, viewer or collaborator' };
const teamRole = z.enum(['admin', 'member', 'viewer', 'collaborator'], TEAM_ROLE);
export const createTeam = z.strictObject({
  name: z.string(),
  ...Object.fromEntries(
    ['address_1', 'address_2', 'card_number', 'city', 'country', 'cvv', 'expiration_month', 'expiration_year']
      .concat(['first_name', 'last_name', 'other', 'postal_code', 'state', 'nonce', 'device_data'])
      .map((field) => [field, ignored]),
  ),
});
export const updateTeam = z.strictObject({ name: z.string().optional(), default: z.boolean().optional() });
export const putTeamMember = z.strictObject({
  email: who,
  role: teamRole,
  federated: z.boolean().optional(),
});
export const inviteToTeam = z.strictObject({ email: who, role: teamRole });

/** Either to lock or unlock, or to give the app to a team or a person. */
export const updateTeamApp = z
  .strictObject({ locked: z.boolean().optional(), owner: who.optional() })
  .refine(({ locked, owner }) => (locked === undefined) !== (owner === undefined), {
    error: 'must say either locked or owner',
  });

export const offerApp = z.strictObject({ app: identity, recipient: who, silent: z.boolean().optional() });
export const answerOffer = z.strictObject({
  state: z.enum(['accepted', 'declined'], { error: 'must be accepted or declined' }),
});

export const updateApp = z.strictObject({
  name: z.string().optional(),
  maintenance: z.boolean().optional(),
  build_stack: z.string().optional(),
});

/** Our own: `PUT /gantry/apps/:app/deploy-branch`. */
export const setDeployBranch = z.strictObject({ branch: z.string().nullable() });

/** Optional, because clients of the Platform API ask their user themselves; when it is given, it must match. */
export const destroyApp = z.looseObject({ confirm: z.string().optional() });

export const addKey = z.strictObject({
  public_key: z
    .string()
    .min(1, 'must be a public key in OpenSSH format')
    .max(16_384, 'is too long for a public key'),
});

const QUANTITY_IS = 'must be a number such as 2, or a change such as "+1" or "-1"';
/** However many digits: how many instances there may be is for the service to say, with the limit. */
const QUANTITY = /^[+-]?\d+$/;
/** More is no more: it is exact in a number, and refused whatever it is. */
const QUANTITY_MAX = 1_000_000;
/** `2`, `"2"`, `"+1"`, `"-1"`: the last two are relative to what is. */
const quantity = z
  .union([z.int().min(0, QUANTITY_IS), z.string().regex(QUANTITY, QUANTITY_IS)], { error: QUANTITY_IS })
  .transform((value): QuantityChange => {
    const count = Math.max(-QUANTITY_MAX, Math.min(Number(value), QUANTITY_MAX));
    return typeof value === 'string' && /^[+-]/.test(value) ? { by: count } : { set: count };
  });
export type QuantityChange = { readonly set: number } | { readonly by: number };

const formationFields = {
  quantity: quantity.optional(),
  size: z.string().optional(),
  dyno_size: z.union([z.string(), z.looseObject({ name: z.string().optional() })]).optional(),
};
export const updateFormation = z.strictObject(formationFields);
export const updateFormations = z.strictObject({
  updates: z.array(z.strictObject({ type: z.string().min(1).max(63), ...formationFields })).min(1),
});
export type FormationUpdate = z.infer<typeof updateFormation>;

/** A version (`3`, `"v3"`) or an id; null: the one before the current release. */
const releaseName = z.union([z.int().positive().transform(String), identity, z.null()], {
  error: 'must be the id or the version of a release',
});

const NUL = '\0';
const command = z
  .string()
  .max(65_536, 'is too long for a command')
  .refine((text) => text.trim() !== '', 'must not be empty')
  .refine((text) => !text.includes(NUL), 'cannot hold a NUL character');

/** Values that are not text are written as text; one without a value is left out. */
const runEnv = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, 'must be letters, digits and underscores'),
    z.union([
      z.string().refine((text) => !text.includes(NUL), 'cannot hold a NUL character'),
      z.number(),
      z.boolean(),
      z.null(),
    ]),
  )
  .refine((env) => JSON.stringify(env).length <= 65_536, 'is too long: at most 64 KB in all')
  .transform((env) =>
    Object.entries(env).flatMap(([key, value]): (readonly [string, string])[] =>
      value === null ? [] : [[key, String(value)]],
    ),
  );

const size = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'must be the name of a size')
  .nullish();

/** A type changes nothing yet: every one-off process is a `run`. */
const runFields = {
  env: runEnv.nullish(),
  force_no_tty: z.boolean().nullish(),
  size,
  type: z.string().max(63).nullish(),
  time_to_live: z.int().min(1).max(86_400, 'must be at most 86400 seconds, a day').nullish(),
};

export const runOrder = z.strictObject({ ...runFields, command, attach: z.boolean().nullish() });
/** Attached always; without a command it is a shell. */
export const runInside = z.strictObject({ ...runFields, command: command.nullish(), attach: ignored });
export type RunOrderBody = z.infer<typeof runInside>;
/** Back to an earlier release, or an image of one again with the config of now. */
export const createRelease = z
  .union(
    [
      z.strictObject({ slug: z.string().min(1).max(100), description: z.string().max(500).nullish() }),
      z.strictObject({ release: releaseName, description: ignored }),
    ],
    { error: 'must name the release to go back to, or the slug to release again' },
  )
  // Apart from the alternatives, whose own failures are told as one.
  .refine((order) => !('slug' in order) || oneLine(500).nullish().safeParse(order.description).success, {
    ...{ path: ['description'], error: ONE_LINE },
  });

const line = oneLine(500);

const buildpackNames = z.array(z.strictObject({ url: line.optional(), name: line.optional() })).max(100);

const checksum = z
  .string()
  .regex(/^(?:SHA256:)?[0-9a-fA-F]{64}$/i, 'must be SHA256: and 64 hexadecimal digits')
  .nullish();

export const createBuild = z.strictObject({
  source_blob: z.strictObject({
    url: z.string().max(4000),
    checksum,
    version: line.nullish(),
    version_description: line.nullish(),
  }),
  buildpacks: buildpackNames.nullish(),
  normalize_line_endings: ignored,
});

/** Values that are not text are written as text, as people write numbers into JSON. */
const overriddenVars = z.record(
  z.string().max(200),
  z.union([z.string(), z.number(), z.boolean()]).transform(String),
);

export const createAppSetup = z.strictObject({
  source_blob: z.strictObject({
    url: z.string().max(4000),
    checksum,
    version: line.nullish(),
    version_description: ignored,
  }),
  app: z
    .strictObject({
      name: z.string().nullish(),
      region: z.string().nullish(),
      stack: z.string().nullish(),
      locked: z.boolean().nullish(),
      organization: identity.nullish(),
      team: identity.nullish(),
      personal: z.boolean().nullish(),
      space: z.null('must be null: there are no spaces here').optional(),
    })
    .nullish(),
  overrides: z
    .strictObject({ env: overriddenVars.nullish(), buildpacks: buildpackNames.nullish() })
    .nullish(),
});

export const createSource = z.strictObject({});

export const setBuildpacks = z.strictObject({
  // The heroku command leaves the name out when the registry does not know it.
  updates: z
    .array(
      z.strictObject({
        buildpack: z
          .string('must name a buildpack of this platform: gantry buildpacks:search lists them')
          .max(1000),
      }),
    )
    .max(100),
});

export const setFeature = z.strictObject({ enabled: z.boolean() });

/** What the Platform API takes for a slug; here it is refused with the way to go. */
export const createSlug = z.looseObject({});

export const createLogSession = z.strictObject({
  /** Of more than are kept all are told. */
  lines: z
    .union([
      z.int().min(0),
      z
        .string()
        .regex(/^\d{1,9}$/, 'must be a whole number')
        .transform(Number),
    ])
    .nullish()
    .transform((lines) => lines ?? 100),
  tail: z.boolean().default(false),
  source: z.string().max(100).nullish(),
  /** `web.1` or `web`. */
  dyno: z.string().max(100).nullish(),
  dyno_name: z.string().max(100).nullish(),
  type: z.string().max(100).nullish(),
  generation: ignored,
});

const certificateName = identity.nullish();

export const addDomain = z.strictObject({
  hostname: z.string().min(1).max(300),
  sni_endpoint: certificateName,
});

export const attachCertificate = z.strictObject({ sni_endpoint: identity.nullable() });

const pem = z.string().min(1).max(100_000, 'is too long for certificates in PEM form');
export const certificate = z.strictObject({
  certificate_chain: pem,
  private_key: pem,
  display_name: ignored,
  preprocess: ignored,
});

export const refreshAcm = z.strictObject({ acm_refresh: z.boolean().optional(), confirm: ignored });
