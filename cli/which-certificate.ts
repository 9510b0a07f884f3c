import { listCertificates, showCertificate } from '../server/contract/endpoints/certificates.ts';
import type { SniEndpointResource } from '../server/contract/resources.ts';
import type { Context } from './command.ts';
import { CommandError, UsageError } from './failures.ts';

/** The certificate that `--name` or `--endpoint` names, else the only one there is. */
export async function whichCertificate(context: Context, app: string): Promise<SniEndpointResource> {
  const client = await context.client();
  const name = context.options.text('name') ?? context.options.text('endpoint');
  if (name !== undefined)
    return await client.call(showCertificate, { params: { app, sni_endpoint: name } }, context.signal);
  const [only, ...more] = await client.call(listCertificates, { params: { app } }, context.signal);
  if (only === undefined)
    throw new CommandError(`${app} has no certificates. Add one: gantry certs:add CHAIN KEY`);
  if (more.length === 0) return only;
  const names = [only, ...more].map((one) => one.name).join(', ');
  throw new UsageError(`${app} has several certificates; say which with --name: ${names}.`);
}
