import { request as http, type ClientRequest, type RequestOptions } from 'node:http';
import { request as https } from 'node:https';
import { isIP } from 'node:net';
import { withDeadline } from '../../../lib/deadline.ts';
import { messageOf } from '../../../lib/errors.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { Egress, EgressRequest } from '../../ports/egress.ts';
import { createJudge, type Resolve } from './judge.ts';

export interface EgressDeps {
  /** Networks that an operator trusts although they are not the internet. */
  readonly allow: readonly string[];
  /** All addresses of a name. */
  readonly resolve?: Resolve;
  /** More certificates to trust than the system's. */
  readonly ca?: string;
  readonly limits?: Partial<typeof LIMITS>;
}

/** All in all; and the bytes of an answer after which nobody listens any more. */
const LIMITS = { ms: 15_000, answerBytes: 64 * 1024 };

export function createEgress({ allow, resolve, ca, limits }: EgressDeps): Egress {
  const judge = createJudge({ allow, ...(resolve && { resolve }) });
  const { ms, answerBytes } = { ...LIMITS, ...limits };
  return {
    async post(request, signal) {
      const url = new URL(request.url);
      try {
        return await withDeadline(ms, signal, async (inner) => {
          const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
          const address = await judge(url.hostname, port);
          return send(url, address, request, { answerBytes, ...(ca !== undefined && { ca }) }, inner);
        });
      } catch (err) {
        if (PlatformError.is(err)) throw err;
        throw PlatformError.of('egress_failed', { host: url.hostname, reason: reasonOf(err) }, err);
      }
    },
  };
}

function send(
  url: URL,
  address: string,
  { headers, body }: EgressRequest,
  { answerBytes, ca }: { readonly answerBytes: number; readonly ca?: string },
  signal: AbortSignal,
): Promise<number> {
  const options: RequestOptions & { servername?: string; ca?: string } = {
    method: 'POST',
    // The name goes into Host and into TLS; the address that was judged is dialled, whatever the name says by now.
    host: address,
    port: url.port || (url.protocol === 'https:' ? 443 : 80),
    path: url.pathname + url.search,
    headers: { ...headers, host: url.host, 'content-length': String(Buffer.byteLength(body)) },
    agent: false,
    signal,
    ...(url.protocol === 'https:' &&
      isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 && { servername: url.hostname }),
    ...(ca !== undefined && { ca }),
  };
  return new Promise((resolve, reject) => {
    const call: ClientRequest = (url.protocol === 'https:' ? https : http)(options);
    call.on('error', reject);
    call.on('response', (answer) => {
      const status = answer.statusCode ?? 0;
      let read = 0;
      const done = (): void => {
        resolve(status);
        call.destroy();
      };
      answer.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read > answerBytes) done();
      });
      answer.on('end', done);
      answer.on('error', reject);
    });
    call.end(body);
  });
}

/** Why a call failed, without what it was about. */
export function reasonOf(err: unknown): string {
  const code = typeof err === 'object' && err !== null && 'code' in err ? String(err.code) : '';
  return code === '' ? messageOf(err).slice(0, 200) : code;
}
