import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../lib/errors.ts';
import type { Lifecycle } from '../lib/lifecycle.ts';
import type { Logger } from '../lib/log.ts';
import { startLoop } from '../lib/loop.ts';
import type { Config } from './config.ts';
import { createExecDoor } from './exec/door.ts';
import { openRendezvous } from './rendezvous/door.ts';
import type { ExecGrants } from './services/exec-grants.ts';
import type { Runs } from './services/runs.ts';

/** Clients of the Platform API dial no other. */
const CLIENTS_PORT = 80;
/** A certificate that was made anew is presented this soon. */
const CERTIFICATE_MS = 60_000;

/** Opens the doors behind which runs are met. A port that another program has costs such a door, not the platform. */
export async function openRunDoors(
  life: Lifecycle,
  config: Config,
  log: Logger,
  services: { readonly runs: Runs; readonly execGrants: ExecGrants },
): Promise<void> {
  await openMeetings(life, config, log, services);
  const hostKey = await readFile(join(config.paths.secrets, 'ssh_host_ed25519_key'), 'utf8');
  const door = life.own(createExecDoor({ ...services, grants: services.execGrants, hostKey, log }));
  if (!(await door.listen(config.execPort)))
    log.error({ hint: 'free it, or choose another GANTRY_EXEC_PORT' }, 'the door of ps:exec is not open');
  // Where clients on this machine look for it; free only when the router is elsewhere.
  if (config.httpPort !== CLIENTS_PORT && !(await door.listen(CLIENTS_PORT)))
    log.info({ port: CLIENTS_PORT }, 'ps:exec of clients on this machine needs a forwarder at this port');
}

async function openMeetings(
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
