import { z } from 'zod';
import { LABEL, runContainerName } from './names.ts';

const count = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform(Number);

const labels = z.object({
  [LABEL.platform]: z.string(),
  [LABEL.app]: z.string(),
  [LABEL.appName]: z.string(),
  [LABEL.release]: count,
  [LABEL.run]: count,
  [LABEL.command]: z.string(),
  [LABEL.attached]: z.enum(['yes', 'no']),
  [LABEL.size]: z.string(),
  [LABEL.ends]: count,
});

/** What the container of a run is, by its labels. */
export interface RunClaim {
  readonly appId: string;
  readonly appName: string;
  readonly release: number;
  readonly number: number;
  readonly command: string;
  readonly attached: boolean;
  readonly size: string;
  readonly endsAt: Date;
}

/** What a container claims to be as a run; undefined when it is none of this platform's, proved as for an instance. */
export function runClaimOf(
  platformId: string,
  name: string | undefined,
  written: Readonly<Record<string, string>>,
): RunClaim | undefined {
  const found = labels.safeParse(written).data;
  if (found?.[LABEL.platform] !== platformId) return undefined;
  const claim = {
    appId: found[LABEL.app],
    appName: found[LABEL.appName],
    release: found[LABEL.release],
    number: found[LABEL.run],
    command: found[LABEL.command],
    attached: found[LABEL.attached] === 'yes',
    size: found[LABEL.size],
    endsAt: new Date(found[LABEL.ends] * 1000),
  };
  return name === `/${runContainerName(platformId, claim)}` ? claim : undefined;
}
