import { readFile, writeFile, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { run, runOrThrow, type Finished } from '../../lib/child.ts';

export interface HeldPush {
  /** Lets it send what it has to send; answers how it ended. */
  letGo(): Promise<Finished>;
}

/** Between git and ssh: tells when git begins to send, which it does once it has seen the branches, and waits then. */
const HOLD = `#!/bin/sh
(
  first=$(dd bs=4 count=1 status=none)
  echo seen > "$HELD/seen"
  read -r go < "$HELD/go"
  printf %s "$first"
  exec cat
) | $HELD_SSH "$@"
`;

/** Starts a push that is held back between two named pipes in a folder below `dir`: nothing here waits for a time. */
export async function holdPush(
  push: { readonly env: NodeJS.ProcessEnv; readonly cwd: string; readonly args: readonly string[] },
  dir: string,
  signal: AbortSignal,
): Promise<HeldPush> {
  const held = await mkdtemp(join(dir, 'held-'));
  await runOrThrow('mkfifo', [join(held, 'seen'), join(held, 'go')], {}, signal);
  await writeFile(join(held, 'ssh'), HOLD, { mode: 0o700 });
  const env = {
    ...push.env,
    ...{ HELD: held, HELD_SSH: push.env['GIT_SSH_COMMAND'], GIT_SSH_VARIANT: 'ssh' },
    GIT_SSH_COMMAND: join(held, 'ssh'),
  };
  const ended = run('git', push.args, { env, cwd: push.cwd }, signal);
  const early = ended.then(({ stderr }) => {
    throw new Error(`the push ended before it sent anything: ${stderr}`);
  });
  early.catch(() => undefined); // told by the race, if it is in time
  await Promise.race([readFile(join(held, 'seen')), early]);
  return {
    async letGo() {
      await writeFile(join(held, 'go'), 'go\n');
      return ended;
    },
  };
}
