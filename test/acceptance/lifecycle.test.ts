import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { run, type Finished } from '../../lib/child.ts';
import { callJson } from '../../lib/local-http.ts';
import { findProcesses, identify } from '../../supervisor/process-id.ts';
import { startLoad } from '../support/load.ts';
import { makeRedis } from '../support/redis.ts';
import { meetPerson, visit, type Person, type Repo } from '../support/person.ts';
import { newPlatform, startPlatform, type TestPlatform } from '../support/platform.ts';
import { dockerfileApp, nodeApp, staticSite } from '../support/samples.ts';

const patient = new AbortController().signal;
const PARTS = ['postgres', 'redis', 'registry', 'build-engine', 'router', 'builder', 'server'] as const;

let platform: TestPlatform;
let person: Person;
let repo: Repo;
/** An app of each kind, by name, with what it answers. */
const KINDS = {
  stays: staticSite('here I am'),
  'stays-node': nodeApp('here I am, by Node'),
  'stays-dockerfile': dockerfileApp('here I am, by a Dockerfile'),
} as const;

const pidOf = async (part: string): Promise<number> =>
  z
    .object({ pid: z.int() })
    .parse(JSON.parse(await readFile(join(platform.place.home, 'run', `${part}.pid`), 'utf8'))).pid;
const runs = (pid: number): boolean => identify(pid) !== undefined; // a zombie nobody has reaped does not run
const site = async (): Promise<string> => (await visit(platform.place.httpPort, 'stays.localhost')).body;
/** Those that do not answer as they should. */
const silentKinds = async (): Promise<string[]> => {
  const silent: string[] = [];
  for (const name of Object.keys(KINDS)) {
    const { body } = await visit(platform.place.httpPort, `${name}.localhost`);
    if (!body.includes('here I am')) silent.push(`${name}: ${body.slice(0, 200)}`);
  }
  return silent;
};
const haproxies = async (): Promise<number[]> => {
  const files = join(platform.place.home, 'router/');
  const ours = (argv: readonly string[]): boolean =>
    argv[0] === 'haproxy' && argv.some((arg) => arg.startsWith(files));
  return (await findProcesses(({ argv }) => ours(argv))).map((id) => id.pid).toSorted();
};
/** A start with another setting, and therefore with other programs of ours, as after an upgrade. */
const startAs = (settings: NodeJS.ProcessEnv): Promise<Finished> =>
  run(
    join(import.meta.dirname, '..', '..', 'script', 'server'),
    ['--detach'],
    { env: { ...platform.env, ...settings } },
    patient,
  );
/** What the doctor calls broken, in its own words. */
const broken = async (): Promise<string[]> => {
  const { code, stdout } = await platform.doctor();
  const said = stdout.split('\n').filter((line) => line.includes('broken'));
  return code === 0 || said.length > 0 ? said : [stdout];
};

beforeAll(async () => {
  platform = await startPlatform();
  person = await meetPerson(platform.place);
  const repos = await Promise.all(
    Object.entries(KINDS).map(async ([name, files]) => {
      const made = await person.newApp(name);
      await made.commit(files);
      const pushed = await made.push();
      if (pushed.code !== 0) throw new Error(pushed.stderr);
      return made;
    }),
  );
  const [first] = repos;
  if (!first) throw new Error('nothing was pushed');
  repo = first;
});
afterAll(async () => {
  await person[Symbol.asyncDispose]();
  await platform.remove();
});

describe('starting again', () => {
  it('says that everything runs already, and starts nothing', async () => {
    const before = await Promise.all(PARTS.map(pidOf));
    const again = await platform.script('server', '--detach');
    expect(again.stdout).toContain('running already');
    expect(again.code).toBe(0);
    expect(await Promise.all(PARTS.map(pidOf))).toEqual(before);
  });

  it('adopts every part when only the supervisor was killed, also those of which it had not written yet', async () => {
    const before = await Promise.all(PARTS.map(pidOf));
    const supervisor = await pidOf('supervisor');
    process.kill(supervisor, 'SIGKILL');
    await expect.poll(() => runs(supervisor)).toBe(false);
    for (const part of ['postgres', 'redis', 'build-engine', 'builder', 'server'])
      await rm(join(platform.place.home, 'run', `${part}.pid`));
    expect(await site()).toContain('here I am');
    const again = await platform.script('server', '--detach');
    expect(again.code, again.stderr).toBe(0);
    expect(await Promise.all(PARTS.map(pidOf))).toEqual(before);
    expect(await broken()).toEqual([]);
  });
});

describe('a start with other settings', () => {
  it('starts our programs anew without a visitor noticing, and the API comes back', async () => {
    const { httpPort: port } = platform.place;
    const [visitors, router] = [await haproxies(), await pidOf('router')];
    const load = startLoad({ port, host: 'stays.localhost', perSecond: 50 });
    for (const settings of [{ GANTRY_LOG_LEVEL: 'debug' }, {}]) {
      const start = await startAs(settings);
      expect(start.code, start.stderr).toBe(0);
      expect(start.stdout).toContain('taking it over');
      expect((await visit(port, 'api.localhost', '/health')).status).toBe(200);
    }
    const { failed, failures, rate } = await load.stop();
    expect(failed, failures.join('\n')).toBe(0);
    expect(rate).toBeGreaterThan(50 * 0.95);
    expect(await pidOf('router')).not.toBe(router);
    expect(await haproxies()).toEqual(visitors);
    expect(await broken()).toEqual([]);
  });

  it('uses a queue that is given, ends the one of its own, and has it back afterwards', async () => {
    await using given = await makeRedis();
    await given.start();
    const own = await pidOf('redis');
    const start = await startAs({ REDIS_URL: given.url });
    expect(start.code, start.stderr).toBe(0);
    expect(start.stdout).toContain('redis: stopped, as another is given; its state is kept');
    expect(runs(own)).toBe(false);
    await repo.commit(staticSite('here I am'));
    const pushed = await repo.push();
    expect(pushed.code, pushed.stderr).toBe(0);
    expect(await given.tell('KEYS', 'bull:*')).toContain('builds');
    const back = await startAs({});
    expect(back.code, back.stderr).toBe(0);
    expect(runs(await pidOf('redis'))).toBe(true);
    expect(await site()).toContain('here I am');
    expect(await broken()).toEqual([]);
  });
});

describe('a part that is killed', () => {
  it.each(PARTS)('comes back by itself: %s', async (part) => {
    const before = await pidOf(part);
    process.kill(before, 'SIGKILL');
    await expect.poll(() => runs(before)).toBe(false);
    await expect.poll(() => pidOf(part), { timeout: 30_000 }).not.toBe(before);
    await expect.poll(broken, { timeout: 60_000, interval: 500 }).toEqual([]);
    expect(await site()).toContain('here I am');
  });

  it('comes back when it does not die but hangs', async () => {
    const before = await pidOf('redis');
    process.kill(before, 'SIGSTOP');
    await expect.poll(() => pidOf('redis'), { timeout: 60_000, interval: 500 }).not.toBe(before);
    await expect.poll(broken, { timeout: 60_000, interval: 500 }).toEqual([]);
  });
});

describe('everything killed at once', () => {
  it('converges at the next start, and the app answers', async () => {
    const pids = await Promise.all([...PARTS, 'supervisor'].map(pidOf));
    for (const pid of pids.reverse()) process.kill(pid, 'SIGKILL');
    await expect.poll(() => pids.some(runs)).toBe(false);
    const again = await platform.script('server', '--detach');
    expect(again.code, again.stderr).toBe(0);
    expect(await broken()).toEqual([]);
    await expect.poll(site, { timeout: 60_000 }).toContain('here I am');
  });
});

describe('script/stop', () => {
  it('stops every part and leaves apps of every kind running in an engine that is not ours; the next start adopts them', async () => {
    const pids = await Promise.all([...PARTS, 'supervisor'].map(pidOf));
    const id = (await readFile(join(platform.place.home, 'id'), 'utf8')).trim();
    const filters = encodeURIComponent(JSON.stringify({ label: [`gantry.platform=${id}`] }));
    const containers = async (): Promise<string[]> => {
      const path = `/containers/json?filters=${filters}`;
      const listed = await callJson({ socket: '/var/run/docker.sock', method: 'GET', path }, 10_000, patient);
      return z
        .array(z.object({ Id: z.string() }))
        .parse(listed)
        .map((one) => one.Id);
    };
    const before = await containers();
    expect(await silentKinds()).toEqual([]);
    expect(before.length).toBeGreaterThanOrEqual(Object.keys(KINDS).length);

    expect((await platform.script('stop')).code).toBe(0);
    expect(pids.filter(runs)).toEqual([]);
    expect(await haproxies()).toEqual([]);
    expect(await containers()).toEqual(before);
    expect((await platform.doctor()).code).toBe(1);

    const again = await platform.script('server', '--detach');
    expect(again.code, again.stderr).toBe(0);
    await expect.poll(silentKinds, { timeout: 30_000 }).toEqual([]);
    expect((await containers()).toSorted()).toEqual(before.toSorted());
  });
});

describe('a start that cannot succeed says why in one sentence', () => {
  it('when a port is taken, with who has it and the setting to change', async () => {
    const other = await newPlatform();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(other.place.sshPort, resolve));
    const start = await other.script('server', '--detach');
    await new Promise((resolve) => server.close(resolve));
    await other.remove();
    expect(start.stderr).toMatch(
      new RegExp(
        `^Port ${other.place.sshPort} is taken by .* \\(process ${process.pid}\\).*GANTRY_SSH_PORT`,
        'm',
      ),
    );
    expect(start.code).toBe(1);
  });

  it('when the disk is short', async () => {
    const other = await newPlatform({ GANTRY_MIN_DISK_MB: '999999999' });
    const start = await other.script('server', '--detach');
    await other.remove();
    expect(start.stderr).toContain('MB are free below');
    expect(start.code).toBe(1);
  });

  it('when a setting is wrong', async () => {
    const other = await newPlatform();
    const start = await run(
      join(import.meta.dirname, '..', '..', 'script', 'server'),
      ['--detach'],
      { env: { ...other.env, GANTRY_HTTP_PORT: '99999' } },
      patient,
    );
    await other.remove();
    expect(start.stderr).toContain('The setting GANTRY_HTTP_PORT is wrong');
    expect(start.code).toBe(1);
  });

  it('when a part that is given does not answer', async () => {
    const other = await newPlatform({ REDIS_URL: 'unix:///tmp/there-is-no-redis.sock' });
    const start = await other.script('server', '--detach');
    await other.remove();
    expect(start.stderr).toContain('given by REDIS_URL (unix:///tmp/there-is-no-redis.sock) does not answer');
    expect(start.code).toBe(1);
  });

  it('when the database is newer than the program, and who visits an app does not notice', async () => {
    const sql = async (text: string): Promise<string> => {
      const socket = join(platform.place.home, 'run', 'postgres');
      const found = await run(
        'psql',
        ['-h', socket, '-U', 'gantry', '-d', 'gantry', '-Atc', text],
        {},
        patient,
      );
      return found.stderr + found.stdout;
    };
    await sql(
      "INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES ('future', 'x', now(), '9999_future')",
    );
    process.kill(await pidOf('supervisor'), 'SIGKILL');
    process.kill(await pidOf('server'), 'SIGKILL');
    const load = startLoad({ port: platform.place.httpPort, host: 'stays.localhost', perSecond: 50 });
    const start = await startAs({ GANTRY_LOG_LEVEL: 'debug' });
    const { failed, failures } = await load.stop();
    await sql("DELETE FROM _prisma_migrations WHERE id = 'future'");
    expect(start.stderr).toContain('written by a newer Gantry');
    expect(start.code).toBe(1);
    expect(failed, failures.join('\n')).toBe(0);
    const again = await platform.script('server', '--detach');
    expect(again.code, again.stderr).toBe(0);
  });
});

describe('script/uninstall', () => {
  it('asks before it deletes what cannot be made again', async () => {
    const done = await platform.script('uninstall', '--purge');
    expect(done.stderr).toContain('Nothing was removed');
    expect(done.code).toBe(1);
    expect(await broken()).toEqual([]);
  });

  it('refuses a directory that is not a platform’s', async () => {
    const done = await run(
      join(import.meta.dirname, '..', '..', 'script', 'uninstall'),
      ['--purge', '--yes'],
      { env: { ...platform.env, GANTRY_HOME: '/usr' } },
      patient,
    );
    expect(done.stderr).toContain('not the state directory of a platform');
    expect(done.code).toBe(1);
  });
});
