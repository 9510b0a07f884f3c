import { z } from 'zod';

/** Names that would shadow the platform's own hosts under the platform domain, those it has and those it may come to have. */
const RESERVED = new Set(
  ['api', 'git', 'registry', 'dashboard', 'www', 'gantry', 'admin', 'localhost'].concat(['status', 'static']),
);

/**
 * An app's name: a DNS label, as Heroku draws it. Safe in host names, paths and image names. It may be one that no app gets
 * any more: of an app that has it from before.
 */
export const appName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/,
    'must be 3 to 30 characters: lower-case letters, digits and dashes, starting with a letter and not ending with a dash',
  );

/** The name of an app that is made, or renamed. */
export const newAppName = appName.refine((name) => !RESERVED.has(name), 'is reserved by the platform');

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
 * A branch or tag that the platform takes: what git allows (git-check-ref-format), less what a program could read as an
 * option, a hidden file or another ref, and what a terminal does not show. A name is given in full: `refs/heads/main`.
 */
export const plainRef = z
  .string()
  .max(255)
  .regex(
    /^refs\/(?:heads|tags)\/(?!refs\/|.*(?:\.\.|@\{|\.lock(?:\/|$)|\/[-.]|\/\/|[/.]$))[^-./\p{C}\s\\~^:?*[][^\p{C}\s\\~^:?*[]*$/u,
  )
  .refine((ref) => ref.split('/').every((part) => utf8Bytes(part) <= LONGEST_PART));

/** Bytes of a part between slashes, which is a file's name, with room for git's `.lock`. */
const LONGEST_PART = 245;

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** A branch's name, as a person chooses it. */
export const branch = z
  .string()
  .refine(
    (name) => plainRef.safeParse(`refs/heads/${name}`).success,
    'must be the name of a branch, such as main or feature/login',
  )
  .refine((name) => !/^(?:refs\/|HEAD$)/.test(name), 'must be the name of a branch alone, such as main');

/** A full object id. */
export const objectId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
