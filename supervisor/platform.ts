import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { buildLink, ensureBuildNetwork } from './build-network.ts';
import { caFileOf, makeCertificates } from './certificates.ts';
import { chooseEngine } from './choose-engine.ts';
import type { Settings } from './config.ts';
import { addressesOf, programEnvironment, type Context } from './context.ts';
import type { Home } from './home.ts';
import type { GivenPart, Part } from './part.ts';
import { buildEnginePart } from './parts/build-engine.ts';
import { enginePart } from './parts/engine.ts';
import { postgresPart } from './parts/postgres.ts';
import { builderPart, routerPart, serverPart } from './parts/programs.ts';
import { redisPart } from './parts/redis.ts';
import { registryPart } from './parts/registry.ts';
import { engineAnswers, httpGet, httpsGet, reachable, redisAnswers } from './probes.ts';

/** All parts of one platform: those we run, those that are given, and what has to be looked after beside them. */
export interface Platform {
  readonly context: Context;
  readonly parts: readonly Part[];
  readonly given: readonly GivenPart[];
  readonly upkeep: (signal: AbortSignal) => Promise<void>;
}

/** The built programs: the directory above this file's. */
export const DIST = dirname(import.meta.dirname);

/** Changes whenever the programs are built anew. */
export async function codeVersion(): Promise<string> {
  return (await readFile(join(DIST, '.stamp'), 'utf8').catch(() => 'unbuilt')).trim();
}

/** What a running supervisor was started with: code and settings. */
export function supervisionVersion(settings: Settings, code: string): string {
  return createHash('sha256')
    .update(JSON.stringify([settings, code]))
    .digest('hex')
    .slice(0, 16);
}

/** Declares the parts that these settings ask for. Changes nothing but users and the stored choice of addresses. */
export async function declarePlatform(
  home: Home,
  settings: Settings,
  inherited: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Platform> {
  const [network, engine, code] = await Promise.all([
    buildLink(home, signal),
    chooseEngine(home, settings, signal),
    codeVersion(),
  ]);
  const addresses = addressesOf(home, settings, network.link);
  const env = programEnvironment(home, settings, addresses, inherited);
  const context: Context = { home, settings, addresses, env, dist: DIST, codeVersion: code };
  const ownBuilds = settings.GANTRY_BUILD_DOCKER_HOST === undefined;
  const managed = await Promise.all([
    ...(ownBuilds ? [buildEnginePart(context, network)] : []),
    ...(settings.DATABASE_URL === undefined ? [postgresPart(context, signal)] : []),
    ...(settings.REDIS_URL === undefined ? [redisPart(context, signal)] : []),
    ...(settings.GANTRY_REGISTRY === undefined ? [registryPart(context, signal)] : []),
  ]);
  const own = engine.kind === 'own' ? [enginePart(context, engine.pool)] : [];
  const below = [...own, ...managed].map((part) => part.name);
  const parts = [
    ...own,
    ...managed,
    routerPart(context),
    // The builder's registry door is on the link's address, which the build engine's preparation makes.
    builderPart(
      context,
      below.filter((name) => name === 'build-engine'),
    ),
    serverPart(
      context,
      below.filter((name) => ['postgres', 'redis', 'engine'].includes(name)),
    ),
  ];
  const doorPort = Number(addresses.buildRegistry.split(':').at(-1));
  return {
    context,
    parts,
    given: givenParts(settings, engine.kind === 'given' ? engine : undefined),
    async upkeep(inner) {
      await makeCertificates(home, settings.GANTRY_DOMAIN, inner); // renewed in time on a platform that is never restarted
      if (ownBuilds) await ensureBuildNetwork(home, network, doorPort, inner);
    },
  };
}

function givenParts(
  settings: Settings,
  engine: { address: string; setting: string } | undefined,
): GivenPart[] {
  const { DATABASE_URL, REDIS_URL, GANTRY_REGISTRY, GANTRY_BUILD_DOCKER_HOST } = settings;
  const given: GivenPart[] = [];
  if (engine) {
    const { address, setting } = engine;
    given.push({
      name: 'engine',
      title: 'engine for apps',
      address,
      setting,
      probe: (signal) => engineAnswers(address, signal),
    });
  }
  if (GANTRY_BUILD_DOCKER_HOST !== undefined) {
    const address = GANTRY_BUILD_DOCKER_HOST;
    const setting = 'GANTRY_BUILD_DOCKER_HOST';
    given.push({
      name: 'build-engine',
      title: 'engine for builds',
      address,
      setting,
      probe: (signal) => engineAnswers(address, signal),
    });
  }
  if (DATABASE_URL !== undefined) {
    const probe = (signal: AbortSignal): Promise<void> => reachable(new URL(DATABASE_URL), 5432, signal);
    given.push({
      name: 'postgres',
      title: 'database',
      address: DATABASE_URL,
      setting: 'DATABASE_URL',
      probe,
    });
  }
  if (REDIS_URL !== undefined) {
    const probe = (signal: AbortSignal): Promise<void> => redisAnswers(REDIS_URL, signal);
    given.push({ name: 'redis', title: 'queue', address: REDIS_URL, setting: 'REDIS_URL', probe });
  }
  if (GANTRY_REGISTRY !== undefined) {
    const probe = (signal: AbortSignal): Promise<void> =>
      reachable(new URL(`http://${GANTRY_REGISTRY}`), 80, signal);
    given.push({
      name: 'registry',
      title: 'image registry',
      address: GANTRY_REGISTRY,
      setting: 'GANTRY_REGISTRY',
      probe,
    });
  }
  return given;
}

/**
 * Resolves when the API answers through the router, as a visitor would ask, and the router has done what this server
 * told it: before that, one of its processes may serve and the other may not. Answers whether the apps serve too.
 */
export async function selfCheck(
  settings: Settings,
  signal: AbortSignal,
): Promise<{ readonly appsAreBack: boolean }> {
  const question = {
    port: settings.GANTRY_HTTP_PORT,
    path: '/health',
    host: `api.${settings.GANTRY_DOMAIN}`,
  };
  const { status, body } = await httpGet(question, signal);
  if (status !== 200) throw new Error(`status ${status}`);
  const said = z.object({ in_control: z.boolean(), apps_are_back: z.boolean() }).parse(JSON.parse(body));
  if (!said.in_control) throw new Error('the server has not taken control of the router yet');
  return { appsAreBack: said.apps_are_back };
}

/** Resolves when the API answers over TLS too, with a certificate by the platform's own authority. */
export async function secureSelfCheck(home: Home, settings: Settings, signal: AbortSignal): Promise<void> {
  const question = {
    port: settings.GANTRY_HTTPS_PORT,
    path: '/health',
    host: `api.${settings.GANTRY_DOMAIN}`,
    ca: await readFile(caFileOf(home), 'utf8'),
  };
  const { status } = await httpsGet(question, signal);
  if (status !== 200) throw new Error(`status ${status}`);
}
