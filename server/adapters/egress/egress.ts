import { DeadlineError, withDeadline } from '../../../lib/deadline.ts';
import type { Egress, EgressRequest } from '../../ports/egress.ts';
import { fetchFrom } from './fetch.ts';
import { checkLiteral, createJudge, type Resolve } from './judge.ts';
import { failureOf, targetOf, type Target } from './target.ts';

export interface EgressDeps {
  /** Networks that an operator trusts although they are not the internet. */
  readonly allow: readonly string[];
  /** All addresses of a name. */
  readonly resolve?: Resolve;
  /** More certificates to trust than the system's. */
  readonly ca?: string;
  readonly limits?: Partial<typeof LIMITS>;
}

/** All in all, for a call and for what is fetched; and the bytes of an answer after which nobody listens any more. */
const LIMITS = { ms: 15_000, fetchMs: 5 * 60_000, answerBytes: 64 * 1024 };

export function createEgress({ allow, resolve, ca, limits }: EgressDeps): Egress {
  const judge = createJudge({ allow, ...(resolve && { resolve }) });
  const { ms, fetchMs, answerBytes } = { ...LIMITS, ...limits };
  return {
    check: checkLiteral(allow),

    async fetch(request, take, signal) {
      const deps = { judge, ...(ca !== undefined && { ca }) };
      try {
        return await withDeadline(fetchMs, signal, (inner) => fetchFrom(deps, request, take, inner));
      } catch (err) {
        throw err instanceof DeadlineError ? failureOf(new URL(request.url), err) : err;
      }
    },

    async post(request, signal) {
      const url = new URL(request.url);
      try {
        return await withDeadline(ms, signal, async (inner) => {
          const target = await targetOf(url, judge, ca);
          return send({ ...target, signal: inner }, request, answerBytes);
        });
      } catch (err) {
        throw failureOf(url, err);
      }
    },
  };
}

function send(
  { call: request, ...target }: Target,
  { headers, body }: EgressRequest,
  answerBytes: number,
): Promise<number> {
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  const options = { ...target, method: 'POST', headers: { ...headers, ...target.headers, ...length } };
  return new Promise((resolve, reject) => {
    const call = request(options);
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
