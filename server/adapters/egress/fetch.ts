import type { IncomingMessage } from 'node:http';
import type { Egress } from '../../ports/egress.ts';
import type { Judge } from './judge.ts';
import { failureOf, targetOf } from './target.ts';

interface Deps {
  readonly judge: Judge;
  readonly ca?: string;
}
type Fetch = Parameters<Egress['fetch']>[0];

/** As many as an address of a repository's archive has, and a few more. */
const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** `Egress.fetch` without its deadline. */
export async function fetchFrom<T>(
  deps: Deps,
  { url: first, bytes }: Fetch,
  take: (content: AsyncIterable<Uint8Array>) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let url = new URL(first);
  for (let redirects = 0; ; redirects += 1) {
    const from = url;
    const answer = await get(deps, from, signal).catch((err: unknown) => {
      throw signal.aborted && err === signal.reason ? err : failureOf(from, err);
    });
    try {
      const status = answer.statusCode ?? 0;
      if (status === 200) return await take(contentOf(answer, from, bytes));
      if (!REDIRECTS.has(status)) throw failureOf(from, new Error(`it answered with status ${status}`));
      if (redirects === MOST_REDIRECTS) throw failureOf(from, new Error('it redirects again and again'));
      url = next(from, answer.headers.location);
    } finally {
      answer.destroy();
    }
  }
}

async function get({ judge, ca }: Deps, url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const { call: request, ...target } = await targetOf(url, judge, ca);
  return new Promise((resolve, reject) => {
    const call = request({ ...target, method: 'GET', signal });
    call.on('error', reject);
    call.on('response', resolve);
    call.end();
  });
}

/** Where a redirect leads. It is judged when it is dialled; what is no web address at all is refused here. */
function next(from: URL, location: string | undefined): URL {
  const to =
    location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const web = to?.protocol === 'https:' || (to?.protocol === 'http:' && from.protocol === 'http:');
  if (!to || !web) throw failureOf(from, new Error('it redirects to what is no https address'));
  return to;
}

/** What breaks off on the way is a failure of the call, not of who reads. */
async function* contentOf(answer: IncomingMessage, url: URL, most: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const piece of answer) {
      const chunk = piece as Buffer;
      bytes += chunk.length;
      if (bytes > most) throw new Error(`it sends more than ${Math.floor(most / 1024 ** 2)} MiB`);
      yield chunk;
    }
  } catch (err) {
    throw failureOf(url, err);
  }
}
