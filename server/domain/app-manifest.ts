import { z } from 'zod';
import { problemOf } from '../../lib/zod-problem.ts';
import { MOST_INSTANCES } from './app.ts';
import { buildpackName, buildpackProblem, MOST_BUILDPACKS } from './buildpacks.ts';
import { configKey, configValue, shadowed } from './config-vars.ts';
import { staysUp } from './release.ts';

/** What an app.json asks for: the file in a source that says how an app is made of it. */
export interface AppManifest {
  readonly env: ReadonlyMap<string, WantedVar>;
  /** By the names under which they are kept; empty: whichever applies. */
  readonly buildpacks: readonly string[];
  readonly formation: ReadonlyMap<string, number>;
  /** The command that is run once after the first deploy. */
  readonly postdeploy: string | null;
  readonly addons: readonly WantedAddon[];
  /** Where a person is sent when all is done: a path of the app, or an absolute URL. */
  readonly successUrl: string | null;
  /** What it says that changes nothing here, in sentences. */
  readonly notes: readonly string[];
}

interface WantedVar {
  readonly value: string | null;
  readonly required: boolean;
  /** A value is to be made up for it. */
  readonly generated: boolean;
}

interface WantedAddon {
  /** `heroku-postgresql` */
  readonly service: string;
  /** What the names of its config vars begin with: `DATABASE_`. */
  readonly prefix: string;
}

/** An app.json is a page or two; a longer one is read no further. */
export const MANIFEST_BYTES = 256 * 1024;
/** As many sentences about mistakes as anybody reads. */
const MOST_MISTAKES = 20;
const MOST_VARS = 500;

const word = z.string().max(500);
const shortText = z.string().max(10_000);

const wanted = z.union([
  z.string().transform((value) => ({ value })),
  z.looseObject({
    value: z.string().nullish(),
    required: z.boolean().nullish(),
    generator: z.literal('secret', { error: 'must be "secret", the only generator there is' }).nullish(),
  }),
]);

const command = z
  .string()
  .max(65_536, 'is too long for a command')
  .refine((text) => text.trim() !== '', 'must not be empty')
  .refine((text) => !text.includes('\0'), 'cannot hold a NUL character');

const buildpack = z
  .union([z.string(), z.looseObject({ url: z.string() }).transform(({ url }) => url)])
  .superRefine((name, context) => {
    const problem = buildpackProblem(name);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

const addon = z.union([word, z.looseObject({ plan: word, as: word.nullish() })]);

const NAMES_TYPE = 'must name process types: letters, digits, dashes and underscores';

const manifest = z.looseObject({
  env: z
    .record(z.string(), wanted)
    .refine((env) => Object.keys(env).length <= MOST_VARS, `must have at most ${MOST_VARS} entries`)
    .nullish(),
  buildpacks: z.array(buildpack).max(MOST_BUILDPACKS).nullish(),
  formation: z
    .record(
      z.string().regex(/^[A-Za-z0-9_-]{1,63}$/, NAMES_TYPE),
      z.looseObject({
        quantity: z.int().min(0).max(MOST_INSTANCES).nullish(),
        size: word.nullish(),
      }),
    )
    .nullish(),
  scripts: z
    .looseObject({
      postdeploy: z.union([command, z.looseObject({ command }).transform((one) => one.command)]).nullish(),
    })
    .nullish(),
  addons: z.array(addon).max(100).nullish(),
  stack: word.nullish(),
  success_url: shortText
    .regex(/^(?:\/(?!\/)|https?:\/\/)[\x21-\x7e]*$/, 'must be a path such as /welcome, or a whole http URL')
    .refine((text) => URL.canParse(text, 'http://app.test'), 'is not a URL')
    .nullish(),
});
type Parsed = z.infer<typeof manifest>;

/** What is wrong with an app.json in sentences, and what it asks for where nothing is wrong, if that can be told. */
interface BadManifest {
  readonly mistakes: readonly string[];
  readonly rest: AppManifest | null;
}

/**
 * Reads an app.json that a stranger wrote: what it asks for, or all that is wrong with it. Never throws. Keys that nobody
 * here knows are left alone, since the file has other readers.
 */
export function readManifest(bytes: Uint8Array): { readonly manifest: AppManifest } | BadManifest {
  const raw = jsonOf(bytes);
  if ('mistake' in raw) return { mistakes: [raw.mistake], rest: null };
  const first = manifest.safeParse(raw.value);
  const parsed = first.success ? first : manifest.safeParse(without(raw.value, first.error.issues));
  const data = parsed.success ? parsed.data : undefined;
  const mistakes = [...(first.success ? [] : mistakesOf(first.error)), ...keyMistakes(data?.env)];
  if (mistakes.length === 0 && data) return { manifest: shape(data) };
  return { mistakes: mistakes.slice(0, MOST_MISTAKES), rest: data ? restOf(data) : null };
}

/** What is left of a value when all entries go with which something is wrong. */
function without(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const wrong = new Map<string, z.core.$ZodIssue[]>();
  for (const issue of issues) {
    const [field, ...path] = issue.path.map(String);
    if (field !== undefined) wrong.set(field, [...(wrong.get(field) ?? []), { ...issue, path }]);
  }
  const kept = Object.entries(value).flatMap(([field, inner]): [string, unknown][] => {
    const inside = wrong.get(field);
    if (!inside) return [[field, inner]];
    return inside.some(({ path }) => path.length === 0) ? [] : [[field, entriesWithout(inner, inside)]];
  });
  return Object.fromEntries(kept);
}

function entriesWithout(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const wrong = new Set(issues.map(({ path }) => String(path[0])));
  if (Array.isArray(value)) return value.filter((_, at) => !wrong.has(String(at)));
  return Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => !wrong.has(key)));
}

function restOf(data: Parsed): AppManifest {
  const env = Object.entries(data.env ?? {}).filter(([key, one]) => keyMistakes({ [key]: one }).length === 0);
  return shape({ ...data, env: Object.fromEntries(env) });
}

function jsonOf(bytes: Uint8Array): { readonly value: unknown } | { readonly mistake: string } {
  if (bytes.length > MANIFEST_BYTES)
    return { mistake: `app.json is longer than ${MANIFEST_BYTES / 1024} KB.` };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { mistake: 'app.json is not text in UTF-8.' };
  }
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { mistake: 'app.json is not valid JSON.' };
  }
}

function mistakesOf(error: z.ZodError): readonly string[] {
  return error.issues.slice(0, MOST_MISTAKES).map((issue) => sentence(issue, issue.path));
}

/** Of alternatives, what is wrong with the one that came closest: the one whose shape it has. */
function sentence(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): string {
  if (issue.code === 'invalid_union') {
    const deeper = issue.errors.flat().find((one) => one.path.length > 0 || one.code !== 'invalid_type');
    if (deeper) return sentence(deeper, [...path, ...deeper.path]);
    return `${fieldOf(path)} must be text, or an object.`;
  }
  // What is wrong with a key is told of the keys.
  const [told] = issue.code === 'invalid_key' ? issue.issues : [];
  return `${fieldOf(path)} ${problemOf(told ?? issue)}.`;
}

/** `env.SECRET.value`; what a stranger called something is shown printable and short. */
function fieldOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'app.json' : path.map((part) => printable(String(part))).join('.');
}

function printable(text: string): string {
  const shown = text.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);
  return shown === '' || shown.includes(' ') ? `"${shown}"` : shown;
}

function keyMistakes(env: Parsed['env']): string[] {
  return Object.entries(env ?? {}).flatMap(([key, { value }]) => {
    const issue =
      configKey.safeParse(key).error?.issues[0] ??
      (typeof value === 'string' ? configValue.safeParse(value).error?.issues[0] : undefined);
    return issue ? [`env.${printable(key)} ${problemOf(issue)}.`] : [];
  });
}

function shape(parsed: Parsed): AppManifest {
  const formation = Object.entries(parsed.formation ?? {});
  const env = Object.entries(parsed.env ?? {});
  const sizes = formation.flatMap(([type, { size }]) => (typeof size !== 'string' ? [] : [{ type, size }]));
  const counted = formation.flatMap(([type, { quantity }]) =>
    typeof quantity !== 'number' ? [] : [[type, quantity] as const],
  );
  return {
    env: new Map(env.filter(([key]) => !isOurs(key)).map(([key, one]) => [key, varOf(one)])),
    buildpacks: (parsed.buildpacks ?? []).map(buildpackName),
    formation: new Map(counted.filter(([type]) => staysUp(type))),
    postdeploy: parsed.scripts?.postdeploy ?? null,
    addons: (parsed.addons ?? []).map(addonOf),
    successUrl: parsed.success_url ?? null,
    notes: [
      ...env.filter(([key]) => isOurs(key)).map(([key]) => `env.${key} is not used: the platform sets it.`),
      ...sizes
        .filter(({ size }) => size.toLowerCase() !== 'small')
        .map(
          ({ type, size }) =>
            `formation.${type}.size is not used: there is one size here, and it is not ${printable(size)}.`,
        ),
      ...counted
        .filter(([type]) => !staysUp(type))
        .map(([type]) => `formation.${type} is not used: the release command is no process that stays up.`),
      ...stackNotes(parsed.stack ?? null),
    ].slice(0, MOST_MISTAKES),
  };
}

const isOurs = (key: string): boolean => shadowed(key, null) !== undefined;

function varOf(one: z.infer<typeof wanted>): WantedVar {
  const { value, required, generator } = { required: true, generator: null, ...one };
  return { value: value ?? null, required: required ?? true, generated: generator === 'secret' };
}

/** What the config vars of well-known services are called elsewhere. */
const PREFIXES: Readonly<Record<string, string>> = {
  'heroku-postgresql': 'DATABASE_',
  'heroku-redis': 'REDIS_',
};

/** `heroku-postgresql:mini`, or an object that names the plan and how its config vars are called. */
function addonOf(one: z.infer<typeof addon>): WantedAddon {
  const plan = typeof one === 'string' ? one : one.plan;
  const [service = ''] = plan.split(':', 1);
  const as = typeof one === 'string' ? null : (one.as ?? null);
  const known = Object.hasOwn(PREFIXES, service) ? PREFIXES[service] : undefined;
  const called = as === null ? known : `${envWord(as)}_`;
  return { service: printable(service), prefix: called ?? `${envWord(service)}_` };
}

function envWord(text: string): string {
  return text
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .slice(0, 60);
}

function stackNotes(stack: string | null): string[] {
  if (stack === null || stack === 'gantry' || /^(?:heroku-\d\d|container|cedar(?:-14)?)$/.test(stack))
    return [];
  return [`stack is not used: apps here are built on gantry, and not on ${printable(stack)}.`];
}
