import { request as http, type ClientRequest, type RequestOptions } from 'node:http';
import { request as https } from 'node:https';
import { isIP } from 'node:net';
import { messageOf } from '../../../lib/errors.ts';
import { portOf } from '../../domain/egress.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Judge } from './judge.ts';

/** How to dial a URL, once its host is judged. Throws `egress_refused`. */
export async function targetOf(url: URL, judge: Judge, ca: string | undefined): Promise<Target> {
  const port = portOf(url);
  return {
    call: url.protocol === 'https:' ? https : http,
    // The name goes into Host and into TLS; the address that was judged is dialled, whatever the name says by now.
    host: await judge(url.hostname, port),
    port,
    path: url.pathname + url.search,
    headers: { host: url.host },
    agent: false,
    ...(url.protocol === 'https:' &&
      isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 && { servername: url.hostname }),
    ...(ca !== undefined && { ca }),
  };
}

export type Target = Omit<RequestOptions, 'headers'> & {
  readonly call: (options: RequestOptions) => ClientRequest;
  readonly headers: Readonly<Record<string, string>>;
  readonly servername?: string;
  readonly ca?: string;
};

/** What a caller is told of a call that did not work. */
export function failureOf(url: URL, err: unknown): Error {
  if (PlatformError.is(err)) return err;
  return PlatformError.of('egress_failed', { host: url.hostname, reason: reasonOf(err) }, err);
}

/** Why a call failed, without what it was about. */
export function reasonOf(err: unknown): string {
  const code = typeof err === 'object' && err !== null && 'code' in err ? String(err.code) : '';
  return code === '' ? messageOf(err).slice(0, 200) : code;
}
