import { z } from 'zod';

/** Names that would shadow the platform's own hosts under the platform domain. */
const RESERVED = new Set(['api', 'git', 'registry', 'dashboard', 'www', 'gantry', 'admin', 'localhost']);

/** An app's name: a DNS label, as Heroku draws it. Safe in host names, paths and image names. */
export const appName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/,
    'must be 3 to 30 characters: lower-case letters, digits and dashes, starting with a letter and not ending with a dash',
  )
  .refine((name) => !RESERVED.has(name), 'is reserved by the platform');

/** A team's name, written like an app's; some words have a meaning of their own in the paths of the API. */
export const teamName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/,
    'must be 3 to 30 characters: lower-case letters, digits and dashes, starting with a letter and not ending with a dash',
  )
  .refine((name) => !['apps', 'permissions', 'invitations'].includes(name), 'is reserved by the platform');

/** A pipeline's name, as the Platform API draws it; clients make one of a repository's name, so it may begin with a digit. */
export const pipelineName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{1,29}$/,
    'must be 2 to 30 characters: lower-case letters, digits, dashes and underscores, starting with a letter or a digit',
  );

/**
 * A branch's name, as far as a person may choose it. Without slashes: git keeps no `main/live` beside `main`, and would
 * say so only after the deploy.
 */
export const branch = z
  .string()
  .regex(
    /^(?!.*(?:\.\.|\.lock$|\.$))[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/,
    'must be the name of a branch without slashes, such as main or live',
  );

/** A full object id. */
export const objectId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
