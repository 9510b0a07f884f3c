import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { abortController } from '../lib/abort.ts';
import { messageOf } from '../lib/errors.ts';
import { askedToStop, createLifecycle } from '../lib/lifecycle.ts';
import { serveLocal } from '../lib/local-http.ts';
import { rootLog } from '../lib/log.ts';
import { createBuilds } from './build.ts';
import { createCacheNames } from './cache-names.ts';
import { createCollection } from './collection.ts';
import { createCopies } from './copies.ts';
import { readConfig } from './config.ts';
import { openRegistryDoor } from './door.ts';
import { createEngine } from './engine.ts';
import { createHandler } from './http.ts';
import { createNpmSettings } from './npm-settings.ts';
import { createPushes } from './pushes.ts';
import { createRegistryCall } from './registry-call.ts';
import { createRegistryDisk } from './registry-disk.ts';
import { createRegistryImages } from './registry-images.ts';
import { createStack } from './stack.ts';
import { createStackLayers } from './stack-layers.ts';

const CLOSE_MS = 10_000;

async function main(): Promise<void> {
  const config = readConfig();
  const log = rootLog('builder', config.logLevel);
  const stopping = abortController();
  await using life = createLifecycle(log, CLOSE_MS);
  const asked = askedToStop().then((signal) => {
    log.info({ signal }, 'asked to stop');
    stopping.abort(new Error('the builder is shutting down'));
  });

  const { registry, buildRegistry } = config;
  const engineRegistry = `${buildRegistry.host}:${buildRegistry.port}`;
  const engine = createEngine(config.engineSocket, engineRegistry);
  const stack = life.own(
    createStack({
      engine,
      folder: join(config.buildpacks, 'stack'),
      cache: config.stackCache,
      caBundle: config.caBundle,
      log,
    }),
  );
  const pushes = createPushes();
  const ask = createRegistryCall(registry);
  const images = createRegistryImages(ask);
  const disk = config.registryConfig === null ? null : createRegistryDisk(config.registryConfig);
  const layers = createStackLayers({ engine, ask, images, pushes, engineRegistry, log });
  const collection = createCollection({ pushes, images, disk, layers });
  const copies = createCopies({ ask, pushes });
  const caches = createCacheNames(config.cacheNames);
  const builds = life.own(
    createBuilds({
      engine,
      stack,
      layers,
      images,
      caches,
      pushes,
      registry: engineRegistry,
      registries: [registry.host.toLowerCase(), buildRegistry.host.toLowerCase()],
      folder: config.buildpacks,
      settings: createNpmSettings(stopping.signal),
      cacheBytes: config.cacheBytes,
      log,
    }),
  );
  await mkdir(dirname(config.socket), { recursive: true });
  // The engine may be starting still; what an earlier builder left can wait for the next start then.
  await builds
    .sweep(stopping.signal)
    .catch((err: unknown) => log.warn({ err }, 'leftovers of earlier builds stay'));
  if (registry.host !== buildRegistry.host || registry.port !== buildRegistry.port) {
    const door = await openRegistryDoor(buildRegistry, registry, log, stopping.signal).catch(
      (err: unknown) => {
        if (stopping.signal.aborted) return null; // asked to stop while the engine's network was not there yet
        throw err;
      },
    );
    if (door === null) return;
    life.own(door);
  }
  life.own(
    await serveLocal(
      config.socket,
      createHandler({ builds, stack, engine, layers, caches, collection, copies }),
    ),
  );
  log.info({ socket: config.socket }, 'ready');
  await asked;
}

main().catch((err: unknown) => {
  process.stderr.write(`gantry builder: ${messageOf(err)}\n`);
  process.exit(1);
});
