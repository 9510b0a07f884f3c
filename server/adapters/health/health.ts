import { request } from 'node:http';
import { connect } from 'node:net';
import { DeadlineError, withDeadline } from '../../../lib/deadline.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Health } from '../../ports/health.ts';

/** Asks instances over the network: connects, or sends one GET on a connection of its own. */
export function createHealth(): Health {
  return {
    async check(target, timeoutMs, signal) {
      try {
        if (target.path === null) await withDeadline(timeoutMs, signal, (inner) => connects(target, inner));
        else {
          const { path, host } = target;
          const status = await withDeadline(timeoutMs, signal, (inner) =>
            get({ ...target, path, host }, inner),
          );
          if (status < 200 || status > 399) return { ready: false, reason: `GET ${path} answered ${status}` };
        }
        return { ready: true };
      } catch (err) {
        signal.throwIfAborted();
        return { ready: false, reason: reasonOf(err, target, timeoutMs) };
      }
    },
  };
}

interface Place {
  readonly address: string;
  readonly port: number;
}

function connects({ address, port }: Place, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal });
    socket.once('connect', () => {
      resolve();
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

function get(target: Place & { path: string; host: string }, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const { address, port, path, host } = target;
    const headers = { host, 'user-agent': 'gantry-health', connection: 'close' };
    const req = request(
      { host: address, port, path, method: 'GET', headers, agent: false, signal },
      (res) => {
        resolve(res.statusCode ?? 0);
        res.destroy(); // the body may be long; nobody reads it
      },
    );
    req.once('error', reject);
    req.end();
  });
}

function reasonOf(err: unknown, { port, path }: Place & { path: string | null }, timeoutMs: number): string {
  const asked = path === null ? `port ${port}` : `GET ${path}`;
  if (err instanceof DeadlineError)
    return `${asked} did not answer within ${timeoutMs < 1_000 ? `${timeoutMs} ms` : `${Math.round(timeoutMs / 1_000)} s`}`;
  const code = err instanceof Error && 'code' in err ? String(err.code) : '';
  if (code === 'ECONNREFUSED')
    return `nothing listens on port ${port} (a process must listen on 0.0.0.0 and $PORT; on 127.0.0.1 nobody reaches it)`;
  if (code === 'ECONNRESET') return `${asked}: the connection was closed without an answer`;
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'its address cannot be reached';
  if (code.startsWith('HPE_')) return `${asked} did not answer in HTTP`;
  return `${asked}: ${messageOf(err)}`;
}
