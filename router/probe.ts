import { request } from 'node:http';
import { connect } from 'node:net';
import { DeadlineError, withDeadline } from '../lib/deadline.ts';
import type { Secret } from '../lib/secret.ts';
import type { ProbeAnswer, ProbeRequest } from './contract.ts';

/** Where a probe goes. `place` is the one whose answer counts. */
interface Target {
  /** Of each router process, the socket by which it alone is reached: the public port is shared, and leads to either. */
  readonly sockets: readonly string[];
  /** The public port, which the request says it came to. */
  readonly port: number;
  readonly key: Secret;
  readonly place: string | undefined;
}

/**
 * One request through each router process, as a visitor would make it: the answer is the worst of them. A `staged` probe
 * names its place, which the router allows only to who knows the secret; a `serving` one goes the way of every visitor.
 * Never throws for what a visitor could meet: no answer in time is a 504 and no router a 503, neither by the app.
 */
export async function probe(asked: ProbeRequest, target: Target, signal: AbortSignal): Promise<ProbeAnswer> {
  const answers = await Promise.all(
    target.sockets.map((socket) => probeThrough(socket, asked, target, signal)),
  );
  const worst = answers.toSorted((a, b) => Number(a.byApp) - Number(b.byApp) || b.status - a.status)[0];
  if (!worst) throw new Error('there is no router process to probe');
  const sent = answers.reduce((sum, answer) => sum + answer.sent, 0);
  return { ...worst, sent, ms: Math.max(...answers.map((answer) => answer.ms)) };
}

async function probeThrough(
  socket: string,
  asked: ProbeRequest,
  target: Target,
  signal: AbortSignal,
): Promise<ProbeAnswer> {
  const began = performance.now();
  const ms = (): number => Math.round((performance.now() - began) * 10) / 10;
  try {
    return await withDeadline(asked.timeoutMs, signal, async (inner) => {
      const { status, by } = await send(socket, asked, target, inner);
      return { status, byApp: target.place !== undefined && by === target.place, ms: ms(), sent: 1 };
    });
  } catch (err) {
    if (signal.aborted) throw err;
    const late = err instanceof DeadlineError;
    return { status: late ? 504 : 503, byApp: false, ms: ms(), sent: Number(late) };
  }
}

function send(
  socket: string,
  asked: ProbeRequest,
  target: Target,
  signal: AbortSignal,
): Promise<{ status: number; by: unknown }> {
  return new Promise((resolve, reject) => {
    const req = request(
      {
        createConnection: () => {
          const connection = connect(socket);
          // The process expects to be told for whom it is asked (PROXY protocol, version 1).
          connection.write(`PROXY TCP4 127.0.0.1 127.0.0.1 1 ${target.port}\r\n`);
          return connection;
        },
        path: asked.path,
        signal,
        headers: {
          host: asked.host.replace('*', 'probe'),
          connection: 'close',
          'user-agent': 'gantry-probe',
          'x-gantry-probe': target.key.reveal(),
          ...(asked.which === 'staged' && target.place !== undefined && { 'x-gantry-place': target.place }),
        },
      },
      (res) => {
        resolve({ status: res.statusCode ?? 0, by: res.headers['x-gantry-answered-by'] });
        res.on('error', () => undefined); // the status is what was asked; the rest is not read
        res.destroy();
      },
    );
    req.on('error', reject);
    req.end();
  });
}
