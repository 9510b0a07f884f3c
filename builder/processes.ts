import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf } from '../lib/errors.ts';
import type { BuiltImage } from './contract.ts';
import { buildErrors } from './errors.ts';

type Processes = BuiltImage['processes'];

/** Starts an app's process in the stack: sources what the buildpacks left for the start, then becomes the command. */
const START = '/usr/local/bin/gantry-start';

/**
 * The process types of an image that a buildpack made. A Procfile says all of them, as on Heroku; without one they are
 * what the buildpack proposes.
 */
export function stackProcesses(
  procfile: ReadonlyMap<string, string>,
  defaults: ReadonlyMap<string, string>,
): Processes {
  const types = procfile.size > 0 ? procfile : defaults;
  return Object.fromEntries([...types].map(([type, command]) => [type, { command, argv: [START, command] }]));
}

/**
 * The process types of an image from a Dockerfile. A Procfile says all of them; without one the image's own entry
 * point is `web`. Throws `no_process` when neither says anything.
 */
export function imageProcesses(procfile: ReadonlyMap<string, string>, start: readonly string[]): Processes {
  if (procfile.size > 0) {
    return Object.fromEntries(
      [...procfile].map(([type, command]) => [
        type,
        { command, argv: ['/bin/sh', '-c', shellLine(command)] },
      ]),
    );
  }
  if (start.length === 0) throw buildErrors.of('no_process', {});
  return { web: { command: start.join(' '), argv: null } };
}

/** Words that a shell must run itself; `exec` before one of them is an error or loses what follows. */
const BUILT_IN =
  /^(?:if|for|while|until|case|function|select|time|do|then|else|cd|export|set|unset|exec|eval|source|trap|ulimit|umask|alias|read|wait|exit|return|shift|type|hash|local|readonly|command|test|true|false|echo|printf|kill)$/;

/** With `exec` before a plain command the process is the command itself and hears SIGTERM at first hand. */
function shellLine(command: string): string {
  const [first = ''] = command.split(/\s/);
  const plain =
    /^[\w./-]+$/.test(first) && !BUILT_IN.test(first) && first !== '.' && !/[;&|<>(){}`\n!]/.test(command);
  return plain ? `exec ${command}` : command;
}

const release = z.looseObject({ default_process_types: z.record(z.string(), z.string()).nullish() });
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

/** `default_process_types` of what bin/release printed. Throws `release_unreadable`. */
export function readRelease(text: string, pack: string): Map<string, string> {
  let raw: unknown;
  try {
    raw = parse(text, { maxAliasCount: 0, schema: 'core' });
  } catch (err) {
    throw buildErrors.of('release_unreadable', { pack, why: messageOf(err).split('\n')[0] ?? '' });
  }
  if (raw === null || raw === undefined) return new Map();
  const parsed = release.safeParse(raw);
  if (!parsed.success)
    throw buildErrors.of('release_unreadable', {
      pack,
      why: 'default_process_types is not a list of commands',
    });
  const types = Object.entries(parsed.data.default_process_types ?? {});
  return new Map(
    types.filter(
      ([type, command]) =>
        /^[A-Za-z0-9_-]{1,63}$/.test(type) &&
        !RESERVED.has(type) &&
        command.trim() !== '' &&
        !/[\0\n]/.test(command),
    ),
  );
}
