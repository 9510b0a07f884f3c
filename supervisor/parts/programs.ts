import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BACKUP } from '../../lib/backup-contents.ts';
import { callJson } from '../../lib/local-http.ts';
import type { Context } from '../context.ts';
import type { Part } from '../part.ts';
import { httpStatus } from '../probes.ts';
import { STOPS, markOf } from '../stopping.ts';

interface OwnProgram extends Pick<Part, 'title' | 'needs' | 'probe'> {
  readonly name: 'server' | 'builder' | 'router';
}

const READY_MS = 60_000;
/** A server that takes a backup in is not ready before it has; its end is seen at once all the same. */
const RESTORE_MS = 12 * 60 * 60_000;

/** Our own programs: Node, the shared environment, and started anew when the built code changed. */
function program({ dist, env, home, codeVersion }: Context, own: OwnProgram): Part {
  return {
    ...own,
    command: process.execPath,
    args: [join(dist, own.name, 'main.js')],
    env: { ...env, ...markOf(home, own.name) },
    stop: STOPS[own.name],
    readyMs: READY_MS,
    whenHung: 'restart',
    version: codeVersion,
  };
}

const answersOn = (context: Context, socket: string) => async (signal: AbortSignal) => {
  await callJson({ socket: join(context.home.run, socket), method: 'GET', path: '/status' }, 5_000, signal);
};

/** Owns the two HAProxy processes, which outlive it: a router that is started again finds them and goes on. */
export function routerPart(context: Context): Part {
  return program(context, {
    name: 'router',
    title: 'router',
    needs: [],
    probe: answersOn(context, 'router.sock'),
  });
}

export function builderPart(context: Context, needs: readonly string[]): Part {
  return program(context, {
    name: 'builder',
    title: 'builder',
    needs,
    probe: answersOn(context, 'builder.sock'),
  });
}

/** API, SSH door, jobs and controller. */
export function serverPart(context: Context, needs: readonly string[]): Part {
  const { settings } = context;
  const question = {
    port: settings.GANTRY_API_PORT,
    path: '/health',
    host: `127.0.0.1:${settings.GANTRY_API_PORT}`,
  };
  const restore = join(context.home.root, BACKUP.restore);
  const part = program(context, {
    name: 'server',
    title: 'API, SSH and controller',
    needs,
    async probe(signal) {
      const status = await httpStatus(question, signal);
      if (status >= 500) throw new Error(`its health answer is ${status}`);
    },
  });
  return {
    ...part,
    get readyMs() {
      return existsSync(restore) ? RESTORE_MS : READY_MS;
    },
  };
}
