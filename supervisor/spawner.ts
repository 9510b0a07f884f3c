import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Part } from './part.ts';
import { identify, type ProcessId } from './process-id.ts';

/** Starts processes that outlive us and remembers how those ended that ended while we lived. */
export interface Spawner {
  /** Resolves as soon as it runs; rejects when it cannot be run at all. */
  start(part: Pick<Part, 'command' | 'args' | 'env' | 'user'>, logFile: string): Promise<ProcessId>;
  /** Undefined while it runs, when a signal ended it, or when it was not started here. */
  exitCode(id: ProcessId): number | undefined;
}

export function createSpawner(): Spawner {
  const codes = new Map<number, number>();
  return {
    async start(part, logFile) {
      const child = spawnInto(part, logFile);
      const failed = new Promise<Error>((resolve) => child.once('error', resolve));
      const { pid } = child;
      if (pid === undefined) throw await failed;
      codes.delete(pid);
      child.once('exit', (code) => {
        if (code !== null) codes.set(pid, code);
      });
      child.unref();
      return identify(pid) ?? { pid, start: '', boot: '' }; // ended already: an identity nobody has
    },
    exitCode: (id) => codes.get(id.pid),
  };
}

/** In a session of its own, writing to its log: it outlives us, and signals of our terminal do not reach it. */
function spawnInto(part: Pick<Part, 'command' | 'args' | 'env' | 'user'>, logFile: string): ChildProcess {
  const out = openSync(logFile, 'a', 0o600);
  try {
    return spawn(part.command, [...part.args], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', out, out],
      env: { ...part.env },
      ...(part.user && { uid: part.user.uid, gid: part.user.gid }),
    });
  } finally {
    closeSync(out);
  }
}
