import { readFile } from 'node:fs/promises';
import { isSystemError } from '../lib/errors.ts';
import type { Lifecycle } from '../lib/lifecycle.ts';
import type { Logger } from '../lib/log.ts';
import { startLoop } from '../lib/loop.ts';
import type { Config } from './config.ts';
import { openRendezvous } from './rendezvous/door.ts';
import type { Runs } from './services/runs.ts';

/** A certificate that was made anew is presented this soon. */
const CERTIFICATE_MS = 60_000;

/** Opens the doors behind which runs are met. A port that another program has costs such a door, not the platform. */
export async function openRunDoors(
  life: Lifecycle,
  config: Config,
  log: Logger,
  { runs }: { readonly runs: Runs },
): Promise<void> {
  let bundle = await readFile(config.paths.certificate, 'utf8');
  try {
    const { rendezvousPort: port } = config;
    const door = life.own(await openRendezvous({ key: bundle, cert: bundle, port, runs, log }));
    const renew = async (): Promise<void> => {
      const now = await readFile(config.paths.certificate, 'utf8');
      if (now !== bundle) door.useCertificate({ key: now, cert: now });
      bundle = now;
    };
    life.own(startLoop(renew, { name: 'certificate of runs', log, everyMs: CERTIFICATE_MS }));
  } catch (err) {
    if (!isSystemError(err, 'EADDRINUSE')) throw err;
    const hint = 'free it, or choose another GANTRY_RENDEZVOUS_PORT';
    log.error({ err, hint }, 'the door at which clients of the Platform API meet runs is not open');
  }
}
