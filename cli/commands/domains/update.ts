import { updateDomain } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';
import { UsageError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, app: meant, result, options, signal }, [domain = '']) => {
  const certificate = options.declined('cert') ? null : options.text('cert');
  if (certificate === undefined)
    throw new UsageError('Say which certificate with --cert NAME, or --no-cert for that of the platform.');
  const params = { app: await meant(), domain };
  const body = { sni_endpoint: certificate };
  const updated = await (await client()).call(updateDomain, { params, body }, signal);
  const shown = updated.sni_endpoint?.name ?? 'the certificate of the platform';
  terminal.note(`Visitors of ${updated.hostname} are shown ${shown} now.`);
  result(updated, () => undefined);
};
