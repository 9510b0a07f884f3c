import { pause } from '../lib/deadline.ts';
import { showDomain } from '../server/contract/endpoints/domains.ts';
import type { DomainResource } from '../server/contract/resources.ts';
import type { Context } from './command.ts';
import { during } from './during.ts';
import { CommandError } from './failures.ts';

const LOOK_EVERY_MS = 500;
/** The router has a new host within a second; whoever waits longer waits for something that is broken. */
const GIVE_UP_MS = 5 * 60_000;

/** Stays until the platform serves a domain. Throws CommandError when it does not come to that. */
export async function waitForDomain(context: Context, domain: DomainResource): Promise<DomainResource> {
  if (domain.status !== 'pending') return settled(domain);
  const { terminal, signal } = context;
  const client = await context.client();
  const params = { app: domain.app.id, domain: domain.id };
  const until = context.now().getTime() + GIVE_UP_MS;
  return await during(terminal, `Waiting for ${domain.hostname} …`, async () => {
    for (;;) {
      const now = await client.call(showDomain, { params }, signal);
      if (now.status !== 'pending') return settled(now);
      if (context.now().getTime() > until)
        throw new CommandError(`${domain.hostname} is still not served; see gantry domains:info.`);
      await pause(LOOK_EVERY_MS, signal);
    }
  });
}

function settled(domain: DomainResource): DomainResource {
  if (domain.status !== 'failed') return domain;
  throw new CommandError(`${domain.hostname} could not be set up; remove it and add it again.`);
}
