import { pause } from '../lib/deadline.ts';
import { listDomains } from '../server/contract/endpoints/domains.ts';
import type { DomainResource } from '../server/contract/resources.ts';
import type { Context } from './command.ts';
import { during } from './during.ts';
import { CommandError } from './failures.ts';
import { throughRestarts } from './through-restarts.ts';

const LOOK_EVERY_MS = 300;
/** Longer than an authority lets anybody wait for one certificate; who waits longer waits for DNS. */
const GIVE_UP_MS = 15 * 60_000;
const DECIDED: readonly (string | null)[] = ['ok', 'cert issued', 'failed'];

/** Stays until it is decided for each domain whether the platform got a certificate, and answers them all. */
export async function untilDecided(context: Context, app: string): Promise<readonly DomainResource[]> {
  const { terminal, signal } = context;
  const client = await context.client();
  const until = context.now().getTime() + GIVE_UP_MS;
  return await during(terminal, `Waiting for certificates of ${app} …`, async () => {
    for (;;) {
      const look = () => client.call(listDomains, { params: { app } }, signal);
      const all = await throughRestarts(context, look);
      const domains = all.filter(({ kind }) => kind === 'custom');
      const open = domains.filter((one) => one.sni_endpoint === null && !DECIDED.includes(one.acm_status));
      if (open.length === 0) return domains;
      if (context.now().getTime() > until)
        throw new CommandError(
          `It is still not decided for ${namesOf(open)}; see gantry certs:auto, and where their DNS leads.`,
        );
      await pause(LOOK_EVERY_MS, signal);
    }
  });
}

/** Throws CommandError when there is a domain for which there will be none. */
export function mustHaveCertificates(domains: readonly DomainResource[]): void {
  const failed = domains.filter((one) => one.sni_endpoint === null && one.acm_status === 'failed');
  if (failed.length === 0) return;
  const reason = failed[0]?.acm_status_reason ?? 'the reason was not recorded';
  throw new CommandError(`There is no certificate for ${namesOf(failed)}: ${reason.replace(/\.$/, '')}.`);
}

function namesOf(domains: readonly DomainResource[]): string {
  return domains.map(({ hostname }) => hostname).join(', ');
}
