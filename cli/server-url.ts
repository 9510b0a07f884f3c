import type { CliConfig } from './config.ts';
import { UsageError } from './failures.ts';

/** The server that is meant: the one named, else GANTRY_API_URL, else this machine's. */
export function serverUrl(named: string | undefined, config: Pick<CliConfig, 'apiUrl' | 'localUrl'>): string {
  const text = named ?? config.apiUrl ?? config.localUrl;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin;
  throw new UsageError(`${text} is not a URL such as https://api.example.com.`);
}
