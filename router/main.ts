import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { abortController } from '../lib/abort.ts';
import { messageOf } from '../lib/errors.ts';
import { askedToStop, createLifecycle } from '../lib/lifecycle.ts';
import { serveLocal } from '../lib/local-http.ts';
import { rootLog } from '../lib/log.ts';
import { startLoop } from '../lib/loop.ts';
import { createTickets } from './affinity.ts';
import { createApplier } from './applier.ts';
import { readConfig } from './config.ts';
import { createConvergence } from './convergence.ts';
import { createDoor } from './door.ts';
import { RouterError } from './errors.ts';
import { requireFree } from './free-port.ts';
import { installedVersion, listensOn, type Where } from './haproxy-process.ts';
import { createJournal } from './journal.ts';
import { createMeter } from './meter.ts';
import { createPair, SLOTS, type Pair } from './pair.ts';
import { meetingPoint, visitsPoint, type Settings } from './render.ts';
import { createRollout } from './rollout.ts';
import { createStore } from './store.ts';
import { createVault } from './vault.ts';
import { listenToVisits } from './visit-listener.ts';

/** How often everything is compared, and how often what drains is looked at. */
const RECONCILE_EVERY_MS = 10_000;
const SWEEP_EVERY_MS = 1_000;

/** Longer than the moments in which a request is on its way to a backend but not counted on it. */
const QUARANTINE_MS = 5_000;

const CLOSE_WITHIN_MS = 5_000;

/** Runs until it is asked to stop. HAProxy, and with it every visitor, goes on without it: see Pair. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = rootLog('router', config.logLevel);
  await using lifecycle = createLifecycle(log, CLOSE_WITHIN_MS);
  const stop = abortController();
  const asked = askedToStop();

  for (const dir of [config.dir, config.runDir, dirname(config.logFile)])
    await mkdir(dir, { recursive: true, mode: 0o700 });
  // HAProxy's own user walks in here, and only here.
  await mkdir(config.jail, { recursive: true, mode: 0o711 });

  const store = createStore(config.dir);
  const vault = createVault(join(config.dir, 'vault'), config.certificate);
  await vault.open();
  const where: Where = {
    generationDir: (generation) => store.generationDir(generation),
    socketOf: (slot, generation) => join(config.runDir, `haproxy-${slot}-${generation}.sock`),
    logFile: config.logFile,
    uids: config.uids,
  };
  let wakeReconcile = (): void => undefined;
  const pair = createPair({ where, routerDir: config.dir, log, onRestart: () => wakeReconcile() });
  const meter = createMeter(pair, await store.loadLedgers());
  const convergence = createConvergence(log);
  const settings: Settings = { ...config.settings, version: await installedVersion(stop.signal) };
  const ticketOf = createTickets(config.ticketKey);
  const rollout = createRollout({ store, vault, ticketOf, pair, convergence, settings, where, log });
  const applier = createApplier({ rollout, store, vault, pair, meter, quarantineMs: QUARANTINE_MS });

  const journal = createJournal();
  const { serverAt } = applier;
  const listening = { socket: visitsPoint(settings).bind, uid: config.haproxyUid, journal, serverAt, log };
  lifecycle.own(await listenToVisits(listening));
  await pair.adopt(stop.signal);
  await requirePorts(settings, pair, where);
  lifecycle.own(pair);
  await applier.open(stop.signal).catch((err: unknown) => {
    if (!RouterError.is(err, 'process_down') && !RouterError.is(err, 'not_converged')) throw err;
    log.error({ err }, 'not everything serves yet; will try again');
  });
  const reconciling = lifecycle.own(
    startLoop((signal) => applier.reconcile(signal), { name: 'reconcile', log, everyMs: RECONCILE_EVERY_MS }),
  );
  wakeReconcile = () => reconciling.wake();
  lifecycle.own(
    startLoop((signal) => applier.sweep(signal), { name: 'sweep', log, everyMs: SWEEP_EVERY_MS }),
  );
  const handler = createDoor({
    applier,
    vault,
    journal,
    sockets: SLOTS.map((slot) => meetingPoint(settings, slot).bind),
    port: settings.httpPort,
    probeKey: config.probeKey,
    log,
    signal: stop.signal,
  });
  lifecycle.own(await serveLocal(config.socket, handler));
  log.info({ port: settings.httpPort, tls: settings.httpsPort, status: applier.status() }, 'router is ready');

  log.info({ signal: await asked }, 'router stops');
  stop.abort(new Error('the router is shutting down'));
}

/** Ours may have them already; with anybody else HAProxy would share it. */
async function requirePorts(
  { httpPort, httpsPort, ipv6 }: Settings,
  pair: Pair,
  where: Where,
): Promise<void> {
  const ports = [
    [httpPort, 'GANTRY_HTTP_PORT'],
    [httpsPort, 'GANTRY_HTTPS_PORT'],
  ] as const;
  const procs = SLOTS.map((slot) => pair.current(slot)).filter((proc) => proc !== null);
  for (const [port, setting] of ports) {
    const listening = await Promise.all(procs.map((proc) => listensOn(proc, port, where)));
    if (!listening.includes(true)) await requireFree(port, ipv6 ? '::' : '0.0.0.0', setting);
  }
}

main().then(
  () => process.exit(0),
  (err: unknown) => {
    process.stderr.write(`gantry router: ${messageOf(err)}\n`);
    process.exit(1);
  },
);
