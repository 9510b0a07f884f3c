import { addCertificate, showCertificate } from '../../../server/contract/endpoints/certificates.ts';
import { listDomains, updateDomain } from '../../../server/contract/endpoints/domains.ts';
import type { SniEndpointResource } from '../../../server/contract/resources.ts';
import type { Context, Run } from '../../command.ts';
import { readPemPair } from '../../certificate-files.ts';
import { printCertificate } from '../../certificate-table.ts';

export const run: Run = async (context, [chain, key]) => {
  const { terminal, client, result, options, signal, now } = context;
  const app = await context.app();
  const api = await client();
  const body = await readPemPair(context, chain, key);
  const added = await api.call(addCertificate, { params: { app }, body }, signal);
  terminal.note(`Added the certificate ${added.name} to ${added.app.name}.`);
  if (!options.declined('attach')) await attach(context, app, added);
  const params = { app, sni_endpoint: added.name };
  const certificate = await api.call(showCertificate, { params }, signal);
  const domains = await api.call(listDomains, { params: { app } }, signal);
  const showing = domains.filter(({ id }) => certificate.domains.includes(id));
  result(certificate, () => printCertificate(terminal, certificate, showing, now()));
};

/** Domains that show none of their own yet show this one from now on, where it is good for them. */
async function attach(
  { terminal, client, signal }: Context,
  app: string,
  { name, ssl_cert: { cert_domains: names } }: SniEndpointResource,
): Promise<void> {
  const api = await client();
  const domains = await api.call(listDomains, { params: { app } }, signal);
  const bare = domains.filter(({ kind, sni_endpoint: shown }) => kind === 'custom' && shown === null);
  for (const { id, hostname } of bare.filter((domain) => isFor(names, domain.hostname))) {
    await api.call(updateDomain, { params: { app, domain: id }, body: { sni_endpoint: name } }, signal);
    terminal.note(`Visitors of ${hostname} are shown it now.`);
  }
}

/** A name with `*.` is good for one label below, and for a domain of the same kind. */
function isFor(names: readonly string[], hostname: string): boolean {
  const above = `*.${hostname.split('.').slice(1).join('.')}`;
  return names.some((name) => name === hostname || (!hostname.startsWith('*.') && name === above));
}
