import { randomUUID } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PlatformError } from '../../domain/errors.ts';
import type { RunSignal } from '../../domain/run.ts';
import type { Attachment, ExecSpec } from '../../ports/runs.ts';
import { attachmentOf } from './attach.ts';
import { orMissing, statusOf, wordsOf, type DockerClient } from './client.ts';
import { refusalReason } from './containers.ts';
import type { Observer } from './observe.ts';

const inspected = z.object({ Running: z.boolean(), ExitCode: z.int().nullish() });

/** By this in its environment a command and all it started are found again: the engine cannot signal them itself. */
const MARK = 'GANTRY_EXEC';

/** Runs in the container; `$1` is the mark, `$2` the signal. Needs nothing but a shell, tr, grep and /proc. */
const SIGNAL_MARKED = [
  'for d in /proc/[0-9]*; do',
  `  if { tr "\\0" "\\n" <"$d/environ" | grep -qxF "${MARK}=$1"; } 2>/dev/null; then`,
  '    kill -s "$2" "${d#/proc/}" 2>/dev/null',
  '  fi',
  'done',
  ':',
].join('\n');

const SIGNAL_MS = 5_000;
const LOOK_MS = { first: 20, most: 1_000 };

export type Exec = (instanceId: string, spec: ExecSpec, signal: AbortSignal) => Promise<Attachment>;

/** Commands in running containers of this platform. */
export function createExec(client: DockerClient, observer: Pick<Observer, 'identify'>): Exec {
  return async (containerId, spec, signal) => {
    const found = await observer.identify(containerId, signal);
    if (found?.state !== 'starting')
      throw PlatformError.of('not_found', { resource: 'dyno', name: containerId.slice(0, 12) });
    const mark = randomUUID();
    const env = [...spec.env].map(([key, value]) => `${key}=${value}`);
    // Not the signal of the attachment: that a command is let go is the very reason to end it.
    const never = new AbortController().signal;
    const over = new AbortController();
    try {
      const id = await make(
        client,
        containerId,
        { argv: spec.argv, env: [...env, `${MARK}=${mark}`], tty: spec.tty, input: true },
        signal,
      );
      const { stream, close } = await client.open(signal, (docker, abortSignal) =>
        docker.getExec(id).start({ hijack: true, stdin: true, Tty: spec.tty, abortSignal }),
      );
      const letGo = (): void => {
        over.abort();
        close();
      };
      return attachmentOf(stream, spec.tty, letGo, {
        async resize({ columns, rows }) {
          if (!spec.tty) return;
          await client
            .call(signal, (docker, abortSignal) =>
              docker.getExec(id).resize({ h: rows, w: columns, abortSignal }),
            )
            .catch(() => undefined); // it has just ended
        },
        signal: (name) => signalMarked(client, containerId, mark, name, never),
        exitCode: () => exitCode(client, id, over.signal),
      });
    } catch (err) {
      if (statusOf(err) === undefined) throw err;
      const reason = refusalReason(wordsOf(err));
      throw PlatformError.of('start_refused', { instance: 'The command', reason }, err);
    }
  };
}

/** What a shell answers for a process that was killed. */
const GONE = 137;

async function make(
  client: DockerClient,
  containerId: string,
  options: { argv: readonly string[]; env: readonly string[]; tty: boolean; input: boolean },
  signal: AbortSignal,
): Promise<string> {
  const made = await client.call(signal, (docker, abortSignal) =>
    docker.getContainer(containerId).exec({
      Cmd: [...options.argv],
      Env: [...options.env],
      Tty: options.tty,
      AttachStdin: options.input,
      AttachStdout: true,
      AttachStderr: true,
      abortSignal,
    }),
  );
  return made.id;
}

async function signalMarked(
  client: DockerClient,
  containerId: string,
  mark: string,
  name: RunSignal,
  signal: AbortSignal,
): Promise<void> {
  const argv = ['/bin/sh', '-c', SIGNAL_MARKED, 'sh', mark, name.replace(/^SIG/, '')];
  try {
    const id = await make(client, containerId, { argv, env: [], tty: false, input: false }, signal);
    await client.call(
      signal,
      async (docker) => {
        const answer = await docker.getExec(id).start({ hijack: true });
        answer.resume();
        await finished(answer, { writable: false });
      },
      SIGNAL_MS,
    );
  } catch (err) {
    // 404 and 409: the container is gone or ended, and the command with it.
    if (statusOf(err) !== 404 && statusOf(err) !== 409) throw err;
  }
}

/** The engine notes the end a moment after the output has ended; a command may also close its output long before. */
async function exitCode(client: DockerClient, id: string, signal: AbortSignal): Promise<number> {
  for (let wait = LOOK_MS.first; ; wait = Math.min(wait * 2, LOOK_MS.most)) {
    const answer = await orMissing(
      client.call(signal, (docker, abortSignal) => docker.getExec(id).inspect({ abortSignal })),
    );
    if (answer === undefined) return GONE; // with its container
    const { Running, ExitCode } = inspected.parse(answer);
    if (!Running && typeof ExitCode === 'number') return ExitCode;
    await sleep(wait, undefined, { signal });
  }
}
