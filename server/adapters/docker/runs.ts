import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from '../../domain/errors.ts';
import { RUN_TYPE, type Run, type RunSignal } from '../../domain/run.ts';
import type { RunEngine, RunSpec } from '../../ports/runs.ts';
import { attachmentOf } from './attach.ts';
import { statusOf, wordsOf, type DockerClient } from './client.ts';
import { runOptions } from './container-spec.ts';
import { creation } from './creation.ts';
import { refusalReason } from './containers.ts';
import type { Notes } from './notes.ts';
import type { FoundRun, Observer } from './observe.ts';

/** The exit code of what was removed by force. */
const GONE = 137;
const LOOK_MS = { first: 20, most: 2_000 };

export type DockerRuns = Omit<RunEngine, 'createRun' | 'exec' | 'remove'> & {
  createRun: (spec: RunSpec, imageReference: string, signal: AbortSignal) => Promise<string | undefined>;
};

/** Containers of one-off processes; they bear other labels than instances, so that no controller stops them. */
export function createRuns(
  client: DockerClient,
  observer: Pick<Observer, 'findRuns' | 'look'>,
  notes: Notes,
  platformId: string,
): DockerRuns {
  async function send(id: string, name: RunSignal, signal: AbortSignal): Promise<void> {
    if ((await observer.look(id, signal)) === undefined) return;
    try {
      await client.call(signal, (docker, abortSignal) =>
        docker.getContainer(id).kill({ signal: name, abortSignal }),
      );
    } catch (err) {
      if (statusOf(err) !== 404 && statusOf(err) !== 409) throw err; // 409: it does not run
    }
  }

  return {
    findRuns: async (signal, appId) => (await observer.findRuns(signal, appId)).map(runOf),

    async createRun(spec, image, signal) {
      try {
        const made = await client.call(signal, (docker, abortSignal) =>
          docker.createContainer(creation(runOptions(platformId, image, spec), abortSignal)),
        );
        return made.id;
      } catch (err) {
        if (statusOf(err) === 409) return undefined;
        if (statusOf(err) === 404) throw PlatformError.of('image_missing', { image }, err);
        throw refusal(`${RUN_TYPE}.${spec.number}`, err);
      }
    },

    startRun: (id, signal) => start(client, id, signal),

    async attachRun(id, tty, signal) {
      // Before the start: what it prints first would be lost.
      const { stream, close } = await client.open(signal, (docker, abortSignal) =>
        docker.getContainer(id).attach({
          ...{ stream: true, stdin: true, stdout: true, stderr: true, hijack: true },
          abortSignal,
        }),
      );
      try {
        await start(client, id, signal);
      } catch (err) {
        close();
        throw err;
      }
      return attachmentOf(duplex(stream), tty, close, {
        async resize({ columns, rows }) {
          if (!tty) return;
          await client
            .call(signal, (docker, abortSignal) =>
              docker.getContainer(id).resize({ h: rows, w: columns, abortSignal }),
            )
            .catch(() => undefined); // it has just ended
        },
        signal: (name) => send(id, name, new AbortController().signal),
        exitCode: () => exitCode(observer, id, signal),
      });
    },

    signalRun: send,
    noteRun: (id, text) => notes.add(id, text),
  };
}

function runOf(found: FoundRun): Run {
  const { id, appId, number, release, command, attached, size, startedAt, endedAt, endsAt } = found;
  return {
    ...{ id, appId, number, release, command, attached, size, startedAt, endedAt, endsAt },
    state: found.state === 'created' ? 'created' : found.state === 'starting' ? 'up' : 'ended',
    createdAt: found.createdAt ?? new Date(0),
    exitCode: found.exit?.code ?? null,
  };
}

function refusal(instance: string, err: unknown): unknown {
  if (statusOf(err) === undefined) return err;
  return PlatformError.of('start_refused', { instance, reason: refusalReason(wordsOf(err)) }, err);
}

async function start(client: DockerClient, id: string, signal: AbortSignal): Promise<void> {
  try {
    await client.call(signal, (docker, abortSignal) => docker.getContainer(id).start({ abortSignal }));
  } catch (err) {
    throw refusal(RUN_TYPE, err);
  }
}

/** It may have closed its output long before it ends. */
async function exitCode(observer: Pick<Observer, 'look'>, id: string, signal: AbortSignal): Promise<number> {
  for (let wait = LOOK_MS.first; ; wait = Math.min(wait * 2, LOOK_MS.most)) {
    const found = await observer.look(id, signal);
    if (found === undefined || found === 'removing') return GONE;
    if (found.state === 'crashed') return found.exit?.code ?? GONE;
    await sleep(wait, undefined, { signal });
  }
}

/** The library calls a connection that was handed over readable only, which a socket never is. */
function duplex(stream: NodeJS.ReadWriteStream): Duplex {
  if (stream instanceof Duplex) return stream;
  throw new Error('the engine did not hand over its connection');
}
