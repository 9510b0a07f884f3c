import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestOf } from '../../lib/key-pair.ts';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { createControllerRig, type ControllerRig } from '../../test/support/controller-rig.ts';
import { until as untilWithin } from '../../test/support/until.ts';
import type { App } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { createKeyring } from './keyring.ts';

const patient = new AbortController().signal;
const text = (name: string) => ({ chain: `${name}\n`, key: new Secret(`PRIVATE KEY of ${name}`) });
const digest = (name: string): string => digestOf(`${name}\nPRIVATE KEY of ${name}`);

let rig: ControllerRig;
let controller: Awaited<ReturnType<ControllerRig['startController']>>;
let app: App;

beforeEach(async () => {
  rig = createControllerRig();
  app = await rig.createApp('hello');
  const deployment = await rig.release(app.id, rig.image());
  controller = await rig.startController();
  await until(async () => (await rig.statusOf(deployment)) === 'succeeded');
});
afterEach(() => controller[Symbol.asyncDispose]());

/** The controller is woken for each look, so that nobody waits for its next round. */
const until = (what: () => boolean | Promise<boolean>): Promise<void> =>
  untilWithin(async () => {
    controller.wake(app.id);
    return what();
  }, 8_000);

const visited = (host: string): number => rig.router.visit(host).status;

it('routes hosts of people’s own, and stops as soon as they are removed', async () => {
  expect(visited('www.example.com')).toBe(404);
  const input = { id: randomUUID(), app, hostname: 'www.example.com', certificateId: null };
  const domain = await rig.domains.add(input, patient);
  controller.wake(app.id);
  await until(() => visited('www.example.com') === 200);
  expect(visited('hello.test')).toBe(200);
  await rig.domains.remove(domain, patient);
  controller.wake(app.id);
  await until(() => visited('www.example.com') === 404);
  expect(visited('hello.test')).toBe(200);
});

it('has visitors come back to the same instance while the owner wants that', async () => {
  const asks = (): boolean | undefined =>
    rig.router.tables.at(-1)?.routes.find((route) => route.app === app.id)?.affinity;
  expect(asks()).toBeUndefined();
  await rig.options.setFeature(app.id, 'http-session-affinity', new Date(), patient);
  await until(() => asks() === true);
  await rig.options.setFeature(app.id, 'http-session-affinity', null, patient);
  await until(() => asks() === undefined);
});

it('shows visitors the maintenance page while instances run and deploys go on', async () => {
  await rig.apps.setFlags(await rig.living(app.id), { maintenance: true }, patient);
  controller.wake(app.id);
  await until(() => visited('hello.test') === 503);
  expect(await rig.running()).toEqual(['d1 web.1']);
  const next = await rig.release(app.id, rig.image());
  controller.wake(app.id);
  await until(async () => (await rig.statusOf(next)) === 'succeeded');
  expect(visited('hello.test')).toBe(503);
  await rig.apps.setFlags(await rig.living(app.id), { maintenance: false }, patient);
  controller.wake(app.id);
  await until(() => visited('hello.test') === 200);
});

it('gives the router a certificate before a table names it', async () => {
  const id = randomUUID();
  await rig.certificates.add({ id, app, name: 'shop' }, { ...text('one'), digest: digest('one') }, patient);
  const input = { id: randomUUID(), app, hostname: 'www.example.com', certificateId: id };
  await rig.domains.add(input, patient);
  controller.wake(app.id);
  await until(() => rig.router.certificates.has(digest('one')) && visited('www.example.com') === 200);
  const route = rig.router.tables.at(-1)?.routes.find((r) => r.app === app.id);
  expect(route?.certificates).toEqual([{ host: 'www.example.com', digest: digest('one') }]);
});

it('leaves out a certificate that cannot be had, for ever or of no use, and gives the others', async () => {
  const { router } = rig;
  const keyring = createKeyring({
    router,
    log: quietLog(),
    certificates: {
      bundleOf(asked) {
        if (asked === 'gone') return Promise.resolve(undefined);
        if (asked === 'sealed') return Promise.reject(PlatformError.of('config_unreadable', { what: 'it' }));
        if (asked === 'refused') return Promise.resolve(new Secret('rubbish'));
        return Promise.resolve(new Secret(`one\nPRIVATE KEY of one`));
      },
    },
  });
  expect(await keyring.ensure(['gone', 'sealed', 'refused', digest('one')], patient)).toEqual(
    new Set([digest('one')]),
  );
  expect([...router.certificates.keys()]).toEqual([digest('one')]);
});

it('does not take a database that is away for a certificate that is gone', async () => {
  const away = PlatformError.of('database_away', {});
  const certificates = { bundleOf: () => Promise.reject(away) };
  const keyring = createKeyring({ router: rig.router, log: quietLog(), certificates });
  await expect(keyring.ensure([digest('one')], patient)).rejects.toBe(away);
});
