import { listDomains } from '../../../server/contract/endpoints/domains.ts';
import type { Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';

export const run: Run = async ({ terminal, client, app: meant, result, options, signal }, [name]) => {
  const api = await client();
  const app = await api.app(name ?? (await meant()), signal);
  if (app.web_url === null) throw new CommandError(`${app.name} has no URL.`);
  const own = options.flag('own');
  const domains = own ? [] : await api.call(listDomains, { params: { app: app.id } }, signal);
  const hosts = domains.filter(({ kind }) => kind === 'custom').map(({ hostname }) => hostname);
  const urls = [app.web_url, ...hosts.flatMap((host) => urlOf(host, app.web_url ?? ''))];
  result(
    urls.map((url) => ({ url })),
    () => urls.forEach((url) => terminal.print(url)),
  );
};

/** At the door of the app's own address, which serves every host. A wildcard stands for addresses, and is none. */
function urlOf(host: string, own: string): readonly string[] {
  if (host.includes('*')) return [];
  const url = new URL(own);
  url.hostname = host;
  return [url.href];
}
