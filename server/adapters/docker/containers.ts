import { pause } from '../../../lib/deadline.ts';
import { withoutTrailing } from '../../../lib/trailing.ts';
import { PlatformError } from '../../domain/errors.ts';
import { instanceName } from '../../domain/instance.ts';
import type { Engine, InstanceSpec } from '../../ports/engine.ts';
import { orMissing, statusOf, wordsOf, type DockerClient } from './client.ts';
import { refusedForGood } from './container.ts';
import { containerOptions } from './container-spec.ts';
import { creation } from './creation.ts';
import { containerName, identityOf } from './names.ts';
import type { Observer } from './observe.ts';

/** The engine answers a stop only after the process has ended; this much longer than the grace period. */
const STOP_SLACK_MS = 10_000;
const REMOVE_TRIES = 50;
const REMOVE_PAUSE_MS = 100;

export interface Containers extends Pick<Engine, 'stop' | 'remove'> {
  start(spec: InstanceSpec, imageReference: string, signal: AbortSignal): Promise<void>;
}

/** Starting and ending containers of one platform; whose container it is is proved before it is touched. */
export function createContainers(
  client: DockerClient,
  observer: Pick<Observer, 'look'>,
  platformId: string,
): Containers {
  /** False when it was there already. */
  async function create(spec: InstanceSpec, image: string, signal: AbortSignal): Promise<boolean> {
    try {
      await client.call(signal, (docker, abortSignal) =>
        docker.createContainer(creation(containerOptions(platformId, image, spec), abortSignal)),
      );
      return true;
    } catch (err) {
      if (statusOf(err) === 409) return false;
      if (statusOf(err) === 404) throw PlatformError.of('image_missing', { image }, err);
      throw refusal(spec, err);
    }
  }

  return {
    async start(spec, image, signal) {
      const name = containerName(platformId, identityOf(spec));
      if (!(await create(spec, image, signal))) {
        const there = await observer.look(name, signal);
        if (there === undefined || there === 'removing') {
          const reason = `the name ${name} is taken, by a container that is not ours or not quite gone`;
          throw PlatformError.of('start_failed', { instance: instanceName(spec), reason });
        }
        // What has been started once is not started again: a release command must never run twice.
        if (there.state !== 'created') return;
      }
      try {
        await client.call(signal, (docker, abortSignal) => docker.getContainer(name).start({ abortSignal }));
      } catch (err) {
        if (statusOf(err) === 304) return; // started by somebody else a moment ago
        throw refusal(spec, err);
      }
    },
    async stop(instanceId, graceSeconds, signal) {
      const found = await observer.look(instanceId, signal);
      if (found === undefined || found === 'removing' || found.state !== 'starting') return;
      const stopped = client.call(
        signal,
        (docker, abortSignal) => docker.getContainer(instanceId).stop({ t: graceSeconds, abortSignal }),
        graceSeconds * 1000 + STOP_SLACK_MS,
      );
      await orMissing(stopped).catch((err: unknown) => {
        if (statusOf(err) !== 304) throw err; // 304: ended by itself
      });
    },
    async remove(instanceId, signal) {
      if ((await observer.look(instanceId, signal)) === undefined) return;
      for (let tries = 0; tries < REMOVE_TRIES; tries += 1) {
        try {
          await client.call(signal, (docker, abortSignal) =>
            docker.getContainer(instanceId).remove({ force: true, v: true, abortSignal }),
          );
          return;
        } catch (err) {
          if (statusOf(err) === 404) return;
          // 409: being removed already. Removing is idempotent, so ask until it is gone.
          if (statusOf(err) !== 409) throw err;
          await pause(REMOVE_PAUSE_MS, signal);
        }
      }
      throw new Error(`the engine does not finish removing ${instanceId}`);
    },
  };
}

/** What the engine says about a container that it cannot start, without the layers of software it came through. */
export function refusalReason(words: string): string {
  const layers =
    /(?:OCI runtime create failed|unable to start container process|failed to create shim)[^:]*: /;
  const last = words.split(layers).at(-1) ?? words;
  return withoutTrailing(last.replaceAll(/\s+/g, ' '), '.: ').slice(0, 300);
}

/** Why it was not started, in domain words; only what the engine itself has answered is its refusal. */
function refusal(spec: InstanceSpec, err: unknown): unknown {
  const status = statusOf(err);
  if (status === undefined) return err;
  const words = wordsOf(err);
  const forGood = status === 400 || refusedForGood(words);
  return PlatformError.of(
    forGood ? 'start_refused' : 'start_failed',
    { instance: instanceName(spec), reason: refusalReason(words) },
    err,
  );
}
