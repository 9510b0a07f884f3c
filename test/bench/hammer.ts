import { Agent, request, type OutgoingHttpHeaders } from 'node:http';

/** One request of a load. */
export interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
}

export interface Outcome {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>;
}

/**
 * As many clients as said, each with a connection of its own and one request at a time, until the time is over or all
 * requests were made.
 */
export async function hammer(
  port: number,
  load: { readonly clients: number; readonly seconds: number; readonly most?: number },
  aim: (nth: number, client: number) => Shot,
): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.clients });
  const times: number[] = [];
  const statuses = new Map<number, number>();
  const began = performance.now();
  const end = began + load.seconds * 1000;
  let nth = 0;
  const client = async (which: number): Promise<void> => {
    while (performance.now() < end && nth < (load.most ?? Infinity)) {
      const shot = aim(nth++, which);
      const from = performance.now();
      const status = await fire(port, agent, shot);
      times.push(performance.now() - from);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: load.clients }, (_, which) => client(which)));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN;
  return { perSecond: times.length / seconds, p50: at(0.5), p99: at(0.99), statuses };
}

function fire(port: number, agent: Agent, { method, path, headers, body }: Shot): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const req = request(
      { host: '127.0.0.1', port, agent, method, path, headers: { ...headers, ...length } },
      (res) => {
        res.resume();
        res.once('end', () => resolve(res.statusCode ?? 0));
        res.once('error', reject);
      },
    );
    req.once('error', reject);
    req.end(body);
  });
}
