import { basename } from 'node:path';
import { SUPERVISED } from './context.ts';
import type { Part } from './part.ts';
import { findProcesses, type ProcessId } from './process-id.ts';

/** In the environment of every process of a part: with what it was started, as its pid file has it too. */
export const STARTED_AS = 'GANTRY_STARTED_AS';

export interface Stray {
  readonly id: ProcessId;
  /** Undefined when it does not say. */
  readonly fingerprint: string | undefined;
}

/**
 * Processes of this part that no pid file tells of: a supervisor that is killed between the start of a part and the
 * writing of its pid file leaves one, and so does one whose file was lost. They carry the part's mark and are one of the programs
 * that its command names; what such a program started itself (the containers of an engine, say) carries the mark too, and is none.
 */
export async function findStrays(part: Pick<Part, 'command' | 'args' | 'env'>): Promise<Stray[]> {
  const owner = part.env[SUPERVISED];
  if (owner === undefined) return [];
  const programs = new Set([part.command, ...part.args].map((word) => basename(word)));
  const found = await findProcesses(({ env, argv }) => {
    return env.includes(`${SUPERVISED}=${owner}`) && programs.has(basename(argv[0] ?? ''));
  });
  return found.map(({ env, ...id }) => {
    const said = env.find((entry) => entry.startsWith(`${STARTED_AS}=`));
    return { id, fingerprint: said?.slice(STARTED_AS.length + 1) };
  });
}
