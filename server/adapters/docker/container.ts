import { z } from 'zod';
import type { Exit } from '../../domain/instance.ts';
import type { FoundInstance } from '../../ports/engine.ts';
import { containerName, LABEL, networkName, type Identity } from './names.ts';

const count = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);

const labels = z.object({
  [LABEL.platform]: z.string(),
  [LABEL.app]: z.string(),
  [LABEL.appName]: z.string(),
  [LABEL.seq]: count,
  [LABEL.release]: count,
  [LABEL.type]: z.string(),
  [LABEL.number]: count,
  [LABEL.attempt]: count,
  [LABEL.port]: z.union([z.literal('').transform(() => null), count]),
});

/** The engine's list of containers, as far as we read it. */
export const listing = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()),
    Labels: z.record(z.string(), z.string()),
    State: z.string(),
    NetworkSettings: z
      .object({ Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish() })).nullish() })
      .nullish(),
  }),
);
export type Listed = z.infer<typeof listing>[number];

/** A time of the engine; the year 1 stands for never. */
const time = z.string().transform((text) => (text.startsWith('0001-') ? null : new Date(text)));

/** One container, as the engine describes it. */
export const inspection = z.object({
  Name: z.string(),
  Created: time,
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
  State: z.object({
    Status: z.string(),
    StartedAt: time,
    FinishedAt: time,
    ExitCode: z.int(),
    OOMKilled: z.boolean(),
    Error: z.string(),
  }),
});
export type Inspected = z.infer<typeof inspection>;

/** What the list does not say. */
export interface Condition {
  readonly createdAt: Date | null;
  readonly state: FoundInstance['state'];
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly exit: Exit | null;
}

/** What a container is, by its labels. */
export interface Claim extends Identity {
  readonly release: number;
  readonly port: number | null;
}

/**
 * What a container claims to be; undefined when it is not this platform's. Ours have labels that name the platform *and*
 * the name that follows from these labels: labels alone can come out of an image that somebody else started by hand.
 */
export function claimOf(
  platformId: string,
  name: string | undefined,
  written: Readonly<Record<string, string>>,
): Claim | undefined {
  const found = labels.safeParse(written).data;
  if (found?.[LABEL.platform] !== platformId) return undefined;
  const claim = {
    appId: found[LABEL.app],
    appName: found[LABEL.appName],
    seq: found[LABEL.seq],
    release: found[LABEL.release],
    type: found[LABEL.type],
    number: found[LABEL.number],
    attempt: found[LABEL.attempt],
    port: found[LABEL.port],
  };
  return name === `/${containerName(platformId, claim)}` ? claim : undefined;
}

/** Complaints about the image or its command, which are the same the next time; others are the engine's or the machine's. */
const FOR_GOOD =
  /unable to find (?:user|group)|no matching entries|cannot mkdir|\b(?:exec|chdir|mkdir)\b.*(?:not found|no such file|permission denied|(?:not|is) a directory|exec format error|argument list too long)/is;

/** True when starting it again cannot help, by what the engine said. */
export function refusedForGood(words: string): boolean {
  return FOR_GOOD.test(words);
}

/** What the engine notes as exit code of a container whose command cannot be run; 128 is any failed start. */
const CANNOT_RUN = [126, 127];

/**
 * What the engine calls running is only starting to us. What it failed to start stays `created` there, and here, to be
 * tried again; what it refused for good counts as crashed.
 */
export function conditionOf(inspected: Inspected): Condition {
  return { createdAt: inspected.Created, ...stateOf(inspected) };
}

function stateOf({ State, Created }: Inspected): Omit<Condition, 'createdAt'> {
  const refused =
    State.Status === 'created' && (CANNOT_RUN.includes(State.ExitCode) || refusedForGood(State.Error));
  if (State.Status === 'created' && !refused)
    return { state: 'created', startedAt: null, endedAt: null, exit: null };
  if (State.Status !== 'exited' && State.Status !== 'dead' && !refused)
    return { state: 'starting', startedAt: State.StartedAt, endedAt: null, exit: null };
  const exit = { code: State.ExitCode, outOfMemory: State.OOMKilled };
  return { state: 'crashed', startedAt: State.StartedAt, endedAt: State.FinishedAt ?? Created, exit };
}

/** The address of a container on its app's network; null when it has none. */
export function addressOf(platformId: string, entry: Listed): string | null {
  const name = networkName(platformId, entry.Labels[LABEL.app] ?? '');
  const address = entry.NetworkSettings?.Networks?.[name]?.IPAddress ?? '';
  return address === '' ? null : address;
}
