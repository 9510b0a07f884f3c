import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { withDeadline } from '../../../lib/deadline.ts';
import type { DrainTarget } from '../../domain/drain.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { DrainPipe } from '../../ports/drains.ts';
import { reasonOf } from './target.ts';
import type { Judge } from './judge.ts';
import { syslogFrames } from './drain-frames.ts';

const CONNECT_MS = 5_000;
/** A receiver that takes nothing for so long is as good as away. */
const WRITE_MS = 10_000;
const KEEPALIVE_MS = 60_000;

interface Deps {
  readonly target: DrainTarget;
  readonly judge: Judge;
  readonly ca?: string;
}

/**
 * One connection that is kept, over TCP or TLS. Syslog has no acknowledgements: what was written and not yet taken when a
 * receiver goes away is lost, and nobody is told.
 */
export function createSyslogPipe({ target, judge, ca }: Deps): DrainPipe {
  let open: Socket | undefined;

  function drop(socket: Socket): void {
    socket.destroy();
    if (open === socket) open = undefined;
  }

  async function dial(signal: AbortSignal): Promise<Socket> {
    const address = await judge(target.host, target.port);
    const name = target.host.replace(/^\[|\]$/g, '');
    return new Promise((resolve, reject) => {
      const to = { host: address, port: target.port };
      // The address that was judged is dialled, whatever the name says by now; the certificate is for the name.
      const named = { ...(isIP(name) === 0 && { servername: name }), ...(ca !== undefined && { ca }) };
      const tls = target.by === 'syslog+tls';
      const socket = tls ? connectTls({ ...to, ...named }) : connect(to);
      const giveUp = (): void => void socket.destroy(signal.reason as Error);
      signal.addEventListener('abort', giveUp, { once: true });
      socket.once('error', reject);
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        signal.removeEventListener('abort', giveUp);
        socket.removeListener('error', reject);
        socket.on('error', () => drop(socket));
        socket.on('end', () => drop(socket));
        socket.on('close', () => drop(socket));
        socket.resume(); // nothing is expected to be said, and its end must be seen
        socket.setKeepAlive(true, KEEPALIVE_MS);
        resolve(socket);
      });
    });
  }

  async function write(socket: Socket, bytes: Buffer, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        drop(socket);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      const gone = (): void => reject(new Error('it closed the connection'));
      socket.once('close', gone);
      socket.write(bytes, (err) => {
        signal.removeEventListener('abort', giveUp);
        socket.removeListener('close', gone);
        if (err) reject(err);
        else resolve();
      });
    });
  }

  return {
    async send({ token, lines }, signal) {
      try {
        open ??= await withDeadline(CONNECT_MS, signal, dial);
        const socket = open;
        const bytes = Buffer.concat(syslogFrames(token, lines));
        await withDeadline(WRITE_MS, signal, (inner) => write(socket, bytes, inner));
      } catch (err) {
        if (open) drop(open);
        signal.throwIfAborted();
        if (PlatformError.is(err)) throw err;
        throw PlatformError.of('egress_failed', { host: target.host, reason: reasonOf(err) }, err);
      }
    },
    async [Symbol.asyncDispose]() {
      const socket = open;
      open = undefined;
      if (!socket || socket.destroyed) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => socket.destroy(), 1_000);
        socket.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        socket.end();
      });
    },
  };
}
