import type { CliConfig } from './config.ts';

/** Where `https://HOST/APP.git` is: beside the API, behind the router. */
export function gitHostOf(config: Pick<CliConfig, 'gitHost' | 'httpsPort'>, api: string): string {
  if (config.gitHost !== undefined) return config.gitHost;
  const url = new URL(api);
  if (url.protocol === 'https:') return url.host;
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  return `${local ? 'localhost' : url.hostname}:${config.httpsPort}`;
}
