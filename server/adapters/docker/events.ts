import { PlatformError } from '../../domain/errors.ts';
import { translate, type DockerClient } from './client.ts';

/** A stream that is silent this long (up to twice) is asked whether its engine still lives: events of a partitioned host just stop. */
const HEARTBEAT = { everyMs: 5_000, pingMs: 5_000 };

/**
 * Yields at once, and then whenever something happened to containers with these labels. Changes that come close
 * together may be told as one. Throws `engine_away` when the engine ends the stream or stops answering.
 */
export async function* watch(
  client: DockerClient,
  labels: readonly string[],
  signal: AbortSignal,
  heartbeat = HEARTBEAT,
): AsyncGenerator<void, void, undefined> {
  const { stream, close } = await client.open(signal, (docker, abortSignal) =>
    docker.getEvents({ filters: { type: ['container'], label: [...labels], event: EVENTS }, abortSignal }),
  );
  let quiet = false;
  let failure: unknown;
  const beat = setInterval(() => {
    if (!quiet) {
      quiet = true;
      return;
    }
    client
      .call(signal, (docker) => docker.ping(), heartbeat.pingMs)
      .catch((err: unknown) => {
        failure = err;
        close();
      });
  }, heartbeat.everyMs);
  try {
    yield;
    const chunks = stream[Symbol.asyncIterator]();
    // The events themselves are not believed: whoever is woken looks for himself.
    while ((await chunks.next()).done !== true) {
      quiet = false;
      yield;
    }
  } catch (err) {
    signal.throwIfAborted();
    throw failure ?? translate(err);
  } finally {
    clearInterval(beat);
    close();
  }
  signal.throwIfAborted();
  throw PlatformError.of('engine_away', {}, failure);
}

const EVENTS = ['create', 'start', 'die', 'destroy', 'oom', 'pause', 'unpause'];
