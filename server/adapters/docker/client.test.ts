import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PlatformError } from '../../domain/errors.ts';
import { createDockerClient, statusOf, wordsOf, type DockerClient } from './client.ts';
import { watch } from './events.ts';

const never = new AbortController().signal;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Something on a unix socket that behaves like an engine in trouble. */
async function engineThat(behaves: RequestListener): Promise<DockerClient> {
  const home = await mkdtemp(join(tmpdir(), 'gantry-client-'));
  const socket = join(home, 'engine.sock');
  const server = createServer(behaves);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(home, { recursive: true });
  });
  return createDockerClient(`unix://${socket}`);
}

const isAway = (err: unknown): boolean => PlatformError.is(err, 'engine_away');

describe('calling an engine', () => {
  it('says that it is away when nobody listens', async () => {
    const client = createDockerClient('unix:///nowhere/engine.sock');
    await expect(client.call(never, (docker) => docker.ping())).rejects.toSatisfy(isAway);
    await expect(client.open(never, (docker) => docker.getEvents())).rejects.toSatisfy(isAway);
  });

  it('says that it is away when it does not answer in time', async () => {
    const client = await engineThat(() => undefined);
    const call = client.call(never, (docker, abortSignal) => docker.listContainers({ abortSignal }), 50);
    await expect(call).rejects.toSatisfy(isAway);
  });

  it('does not wait for the rest of an answer that stays away', async () => {
    const client = await engineThat((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.write('[');
    });
    const call = client.call(never, (docker, abortSignal) => docker.listContainers({ abortSignal }), 50);
    await expect(call).rejects.toSatisfy(isAway);
  });

  it('gives up at once when its caller does', async () => {
    const client = await engineThat(() => undefined);
    const stop = new AbortController();
    const call = client.call(stop.signal, (docker, abortSignal) => docker.listContainers({ abortSignal }));
    stop.abort(new Error('shutting down'));
    await expect(call).rejects.toThrow('shutting down');
  });

  it('keeps the status and the words of a refusal', async () => {
    const client = await engineThat((_req, res) => {
      res.writeHead(409, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ message: 'name is in use - by another' }));
    });
    const err: unknown = await client
      .call(never, (docker) => docker.ping())
      .catch((thrown: unknown) => thrown);
    expect(statusOf(err)).toBe(409);
    expect(wordsOf(err)).toBe('name is in use - by another');
  });

  it('refuses an address that it cannot speak to', () => {
    expect(() => createDockerClient('ssh://host')).toThrow('unix:// or tcp://');
  });
});

describe('watching an engine', () => {
  const quick = { everyMs: 20, pingMs: 50 };

  it('notices that a stream of events has silently died', async () => {
    const client = await engineThat((req, res) => {
      if (req.url?.startsWith('/events') === true) res.writeHead(200).flushHeaders();
    });
    const changes = watch(client, [], never, quick);
    await changes.next();
    await expect(changes.next()).rejects.toSatisfy(isAway);
  });

  it('goes on waiting while the engine answers', async () => {
    const client = await engineThat((req, res) => {
      if (req.url?.startsWith('/events') !== true) {
        res.end('OK');
        return;
      }
      res.writeHead(200).flushHeaders();
      setTimeout(() => res.write('{}'), 150);
    });
    const changes = watch(client, [], never, quick);
    await changes.next();
    expect(await changes.next()).toMatchObject({ done: false });
    await changes.return();
  });

  it('ends with an error when the engine ends the stream', async () => {
    const client = await engineThat((_req, res) => res.end());
    const changes = watch(client, [], never);
    await changes.next();
    await expect(changes.next()).rejects.toSatisfy(isAway);
  });
});
