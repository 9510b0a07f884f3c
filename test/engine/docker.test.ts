import { readdir, readFile, readlink } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { Secret } from '../../lib/secret.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import type { FoundInstance, InstanceSpec } from '../../server/ports/engine.ts';
import type { LogArchive } from '../../server/ports/log-archive.ts';
import { newApp, specOf, startEngineRig, type EngineRig } from '../support/engine-rig.ts';
import { createMemoryLogArchive } from '../support/memory-log-archive.ts';

const never = new AbortController().signal;
let rig: EngineRig;
let image: BuiltImage;
let networks = 0;

beforeAll(async () => {
  rig = await startEngineRig(never);
  image = await rig.image('tests/docker');
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(async () => {
  for (const { id } of await rig.engine.find(never)) await rig.engine.remove(id, never);
});

const shell = (script: string, rest: Partial<InstanceSpec> = {}): InstanceSpec =>
  specOf(newApp((networks += 1)), image, { argv: ['sh', '-c', script], ...rest });

async function foundOf(spec: InstanceSpec): Promise<FoundInstance> {
  const found = (await rig.engine.find(never)).find((instance) => instance.appId === spec.app.id);
  if (found === undefined) throw new Error('not found');
  return found;
}

async function ended(spec: InstanceSpec): Promise<FoundInstance> {
  await expect.poll(async () => (await foundOf(spec)).state, { timeout: 20_000 }).toBe('crashed');
  return foundOf(spec);
}

/** What a script prints in a container. */
async function printed(script: string, rest: Partial<InstanceSpec> = {}): Promise<readonly string[]> {
  const spec = shell(script, rest);
  await rig.start(spec);
  const { id } = await ended(spec);
  return rig.engine.tail(id, 1_000, never);
}

describe('a container', () => {
  it('has only the documented rights, and cannot gain more', async () => {
    const status = await printed('cat /proc/self/status');
    const field = (name: string): string =>
      status.find((line) => line.startsWith(`${name}:`))?.split('\t')[1] ?? '';
    // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, KILL 5, SETGID 6, SETUID 7, NET_BIND_SERVICE 10
    const allowed = [0, 1, 3, 5, 6, 7, 10].reduce((sum, bit) => sum + 2 ** bit, 0);
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) expect(Number.parseInt(field(set), 16)).toBe(allowed);
    expect(Number.parseInt(field('CapInh'), 16) & ~allowed).toBe(0);
    expect(field('NoNewPrivs')).toBe('1');
    expect(field('Seccomp')).toBe('2');
  });

  it('has no rights at all as the user of its image', async () => {
    const image = await rig.image('tests/docker-user', ['USER 1000']);
    const status = await printed('cat /proc/self/status', { image });
    expect(status.find((line) => line.startsWith('CapEff:'))).toBe('CapEff:\t0000000000000000');
    expect(status.find((line) => line.startsWith('Uid:'))).toContain('1000');
  });

  it('cannot mount, make devices, use raw sockets, change the kernel or leave its namespaces', async () => {
    const attempts = {
      mount: 'mount -t tmpfs none /tmp',
      namespace: 'unshare -m true',
      user: 'unshare -U true',
      raw: 'ping -c 1 -W 1 127.0.0.1',
      sysctl: 'echo 1 > /proc/sys/kernel/sysrq',
      socket: 'ls /var/run/docker.sock',
    };
    const script = Object.entries(attempts)
      .map(([name, attempt]) => `(${attempt}) >/dev/null 2>&1 && echo ${name} || true`)
      .join('\n');
    expect(await printed(`${script}\necho tried`)).toEqual(['tried']);
  });

  it('sees its config, its platform variables and nothing of the machine', async () => {
    const config = new Map([
      ['SECRET', new Secret("it's $HOME; `id`\nnext line")],
      ['PORT', new Secret('1')],
    ]);
    const lines = await printed('echo "$SECRET"; echo $PORT; hostname; env | cut -d= -f1 | grep -i gantry', {
      config,
      platformEnv: new Map([['PORT', '5000']]),
    });
    expect(lines.slice(0, 4)).toEqual(["it's $HOME; `id`", 'next line', '5000', 'web-1']);
    expect(lines.filter((line) => line.startsWith('GANTRY'))).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['line ends and signs', { LINES: 'a\nB=2\r\n', SIGNS: `==;$(id)'"\\`, EMPTY: '' }],
    ['what changes how programs run', { LD_PRELOAD: '/no.so', PATH: '/odd:/bin', DOCKER_HOST: 'tcp://x' }],
    ['names that objects have by birth', { constructor: 'x', prototype: 'y', hasOwnProperty: 'z' }],
    ['60 KB', { LONG: 'x'.repeat(60_000) }],
    ['a thousand', Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`K${n}`, String(n)]))],
  ])('has config vars with %s as they are [S-INJ-08]', async (_, vars) => {
    const config = new Map(Object.entries(vars).map(([key, value]) => [key, new Secret(value)]));
    const lines = await printed('cat /proc/self/environ | /bin/busybox base64 -w 200', { config });
    const environ = Buffer.from(lines.join(''), 'base64').toString();
    const pairs = environ.split('\0').filter(Boolean);
    expect(pairs).toEqual(expect.arrayContaining(Object.entries(vars).map(([k, v]) => `${k}=${v}`)));
    expect(pairs.map((pair) => pair.split('=')[0])).not.toContain('B');
  });

  it('shares its config vars with no process outside it [S-INJ-08]', async () => {
    const canary = 'canary-5a1c';
    const config = new Map(['LD_PRELOAD', 'DOCKER_HOST', 'ANY'].map((key) => [key, new Secret(canary)]));
    const spec = shell('sleep 1000', { config });
    await rig.start(spec);
    const outside: string[] = [];
    let inside = 0;
    const own = await readlink('/proc/self/ns/pid');
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      if (!environ.includes(canary)) continue;
      if ((await readlink(`/proc/${pid}/ns/pid`)) !== own) inside += 1;
      else outside.push(await readFile(`/proc/${pid}/cmdline`, 'utf8'));
    }
    expect(inside).toBeGreaterThan(0);
    expect(outside).toEqual([]);
  });

  it('is ended when it wants more memory than it has, and that is told apart from a crash', async () => {
    const greedy = () =>
      shell('x=$(yes 0123456789abcdef | head -c 400000000); echo survived', {
        size: { memoryMb: 32, cpus: 1, pids: 64 },
      });
    // The engine itself never hears of some: of 28 such containers, one ended without its saying so (20.10, cores busy).
    const told: unknown[] = [];
    while (!told.includes(true) && told.length < 4) {
      const spec = greedy();
      await rig.start(spec);
      const { exit } = await ended(spec);
      expect(exit?.code).toBe(137);
      told.push(exit?.outOfMemory);
    }
    expect(told).toContain(true);
  });

  it('cannot start more processes than it may', async () => {
    const script = 'i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i+1)); done 2>/dev/null; echo started';
    const lines = await printed(`${script} || true`, { size: { memoryMb: 64, cpus: 1, pids: 16 } });
    expect(lines.join('\n')).not.toContain('started');
  });

  it('leaves nothing of its image behind on the machine: volumes go with it', async () => {
    const before = (await rig.docker.listVolumes()).Volumes.length;
    const withVolume = await rig.image('tests/docker-volume', ['VOLUME /data']);
    const spec = shell('sleep 1000', { image: withVolume });
    await rig.start(spec);
    await rig.engine.remove((await foundOf(spec)).id, never);
    expect((await rig.docker.listVolumes()).Volumes).toHaveLength(before);
  });

  it('is told to end first and killed after its time', async () => {
    const polite = shell('trap "echo bye; exit 0" TERM; while :; do sleep 0.1; done');
    await rig.start(polite);
    await pause(300, never); // the shell has set its trap
    const { id } = await foundOf(polite);
    await rig.engine.stop(id, 10, never);
    expect(await rig.engine.tail(id, 5, never)).toEqual(['bye']);
    expect((await foundOf(polite)).exit).toEqual({ code: 0, outOfMemory: false });

    const deaf = shell('trap "" TERM; while :; do sleep 0.1; done');
    await rig.start(deaf);
    await pause(300, never);
    const before = performance.now();
    await rig.engine.stop((await foundOf(deaf)).id, 1, never);
    expect(performance.now() - before).toBeLessThan(9_000);
    expect((await foundOf(deaf)).exit?.code).toBe(137);
  });

  it('says in its log which program its image does not have', async () => {
    const spec = shell('', { argv: ['no-such-program'] });
    await rig.start(spec);
    const { id, exit } = await ended(spec);
    expect(exit?.code).toBe(127);
    expect((await rig.engine.tail(id, 5, never)).join(' ')).toContain('no-such-program');
  });
});

describe('images', () => {
  it('and the network are made once when the first instances of an app come together', async () => {
    const wanted = await rig.image('tests/together', ['LABEL together=yes']);
    const app = newApp((networks += 1));
    const prepare = (): Promise<void> =>
      rig.engine.prepare(app, wanted, rig.pullToken('tests/together'), never);
    await expect(Promise.all([prepare(), prepare(), prepare()])).resolves.toHaveLength(3);
  });

  it('are fetched with a token for that repository, and with no other', async () => {
    const wanted = await rig.image('tests/pulled', ['LABEL pulled=yes']);
    const name = `${rig.registry.address}/${wanted.repository}@${wanted.digest}`;
    const app = newApp((networks += 1));
    const foreign = rig.engine.prepare(app, wanted, rig.pullToken('tests/docker'), never);
    await expect(foreign).rejects.toSatisfy((err) => PlatformError.is(err, 'image_missing'));
    await rig.engine.prepare(app, wanted, rig.pullToken('tests/pulled'), never);
    expect((await rig.docker.getImage(name).inspect()).RepoDigests).toContain(name);
  });

  it('of other platforms, tagged by a person, or just fetched stay when others are collected', async () => {
    const engine = rig.open({ freshMs: 0 });
    const tagged = await rig.image('tests/tagged', ['LABEL tagged=yes']);
    const mine = await rig.image('tests/mine', ['LABEL mine=yes']);
    for (const wanted of [tagged, mine])
      await rig.engine.prepare(newApp((networks += 1)), wanted, rig.pullToken(wanted.repository), never);
    const nameOf = (of: BuiltImage): string => `${rig.registry.address}/${of.repository}@${of.digest}`;
    await rig.docker.getImage(nameOf(tagged)).tag({ repo: `gantry-test-${rig.platformId}`, tag: 'keep' });
    const keep = new Set([`${image.repository}@${image.digest}`]);
    const others = rig.open({ freshMs: 0, platformId: 'tother' }); // on the same registry
    try {
      expect(await others.collectImages(new Set(), never)).toBe(0);
      expect(await rig.engine.collectImages(keep, never)).toBe(0);
      expect(await engine.collectImages(keep, never)).toBeGreaterThan(0);
      await expect(rig.docker.getImage(nameOf(mine)).inspect()).rejects.toThrow('no such image');
      expect((await rig.docker.getImage(nameOf(tagged)).inspect()).RepoTags).toHaveLength(1);
    } finally {
      await rig.docker.getImage(`gantry-test-${rig.platformId}:keep`).remove({ force: true });
    }
  });
});

describe("what is not the platform's", () => {
  it('is neither found, stopped nor removed, whatever labels it bears', async () => {
    const spec = shell('sleep 1000');
    await rig.start(spec);
    const ours = await rig.docker.getContainer((await foundOf(spec)).id).inspect();
    const stranger = await rig.docker.createContainer({
      name: `stranger-${rig.platformId}`,
      Image: ours.Config.Image,
      Labels: ours.Config.Labels,
      Cmd: ['sleep', '1000'],
    });
    const neighbour = rig.open({ platformId: `${rig.platformId.slice(0, 5)}z` });
    try {
      await stranger.start();
      expect((await rig.engine.find(never)).map((found) => found.id)).toEqual([ours.Id]);
      expect(await neighbour.find(never)).toEqual([]);
      await rig.engine.stop(stranger.id, 1, never);
      await rig.engine.remove(stranger.id, never);
      await neighbour.remove(ours.Id, never);
      await neighbour.forget(spec.app.id, never);
      expect((await stranger.inspect()).State.Running).toBe(true);
      expect((await foundOf(spec)).state).toBe('starting');
    } finally {
      await stranger.remove({ force: true });
    }
  });

  it('gets networks of its own when two platforms want the same addresses', async () => {
    const subnets = { pool: '10.176.77.0/24', bits: 26 };
    const [one, two] = [
      rig.open({ subnets }),
      rig.open({ subnets, platformId: `${rig.platformId.slice(0, 5)}y` }),
    ];
    const apps = [newApp(1000), newApp(1001)];
    for (const engine of [one, two])
      for (const app of apps)
        await engine.prepare({ ...app, id: `${app.id}-${engine === one ? 1 : 2}` }, image, '', never);
    const all = await rig.docker.listNetworks();
    const used = all.flatMap((network) => network.IPAM?.Config?.map((config) => config.Subnet ?? '') ?? []);
    expect(used.filter((subnet) => subnet.startsWith('10.176.77.')).toSorted()).toEqual(
      ['0', '128', '192', '64'].map((last) => `10.176.77.${last}/26`),
    );
    const full = one.prepare(newApp(1002), image, '', never);
    await expect(full).rejects.toThrow('no free subnet');
  });
});

describe('the log of an app', () => {
  it('holds both streams, whole long lines and any bytes', async () => {
    const script = [
      'echo out; echo err >&2',
      'head -c 40000 /dev/zero | tr "\\0" x; echo end',
      'printf "caf\\303\\251 \\377\\n"; printf "no end"',
    ].join('\n');
    const spec = shell(script);
    await rig.start(spec);
    await ended(spec);
    const texts: string[] = [];
    for await (const line of rig.engine.read({ appId: spec.app.id, lines: 100, follow: false }, never))
      texts.push(line.text);
    expect(texts.toSorted()).toEqual(
      ['Process of v2 started', 'Process exited with status 0', 'out', 'err']
        .concat([`${'x'.repeat(40_000)}end`, 'café \ufffd', 'no end'])
        .toSorted(),
    );
  });

  it('is followed without a gap or a repetition while the process prints', async () => {
    const spec = shell(
      'i=0; while [ $i -lt 6000 ]; do i=$((i+1)); echo $i; [ $((i%100)) = 0 ] && sleep 0.05; done; sleep 2',
    );
    await rig.start(spec);
    const seen: number[] = [];
    for await (const line of rig.engine.read({ appId: spec.app.id, lines: 10, follow: true }, never)) {
      if (line.source === 'gantry') continue;
      seen.push(Number(line.text));
      if (seen.at(-1) === 6000) break;
    }
    const [first = 0] = seen;
    expect(seen).toEqual(Array.from({ length: 6001 - first }, (_, i) => first + i));
  });

  it('belongs to one app only', async () => {
    const [mine, theirs] = [shell('echo mine'), shell('echo theirs')];
    await rig.start(mine);
    await rig.start(theirs);
    await ended(mine);
    await ended(theirs);
    const texts: string[] = [];
    for await (const line of rig.engine.read({ appId: mine.app.id, lines: 100, follow: false }, never))
      texts.push(line.text);
    expect(texts).toContain('mine');
    expect(texts).not.toContain('theirs');
  });

  it('outlives a container, once and to its end, though the removal was broken off after it was kept', async () => {
    const kept = createMemoryLogArchive();
    const broken = { ...kept, keep: () => Promise.reject(new Error('ENOSPC: no space left on device')) };
    const textsOf = async (archive: LogArchive, { app }: InstanceSpec): Promise<string[]> => {
      const texts: string[] = [];
      const query = { appId: app.id, lines: 5_000, follow: false };
      // The start has the engine's time, which may be later than that of the first lines.
      for await (const line of rig.open({ archive }).read(query, never))
        if (line.text !== 'Process of v2 started') texts.push(line.text);
      return texts.slice(-1_400);
    };
    const chatty = shell('i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; done; exit 9');
    await rig.start(chatty);
    const { id } = await ended(chatty);
    const before = await textsOf(kept, chatty);
    const killed = new AbortController();
    const keep: LogArchive['keep'] = async (...log) => {
      await kept.keep(...log);
      killed.abort(new Error('killed'));
    };
    const dying = rig.open({ archive: { ...kept, keep } }).remove(id, killed.signal);
    await expect(dying).rejects.toThrow('killed');
    expect((await foundOf(chatty)).id).toBe(id);
    expect(await textsOf(kept, chatty)).toEqual(before);
    await rig.open({ archive: kept }).remove(id, never);
    expect(await textsOf(kept, chatty)).toEqual(before);
    expect(before.slice(-2)).toEqual(['3000', 'Process exited with status 9']);

    const unlucky = shell('echo lost');
    await rig.start(unlucky);
    await rig.open({ archive: broken }).remove((await ended(unlucky)).id, never);
    expect((await rig.engine.find(never)).map(({ appId }) => appId)).not.toContain(unlucky.app.id);
    expect(await textsOf(broken, unlucky)).toEqual([]);
  });

  it('of 20 MB does not hold up the removal of its container', async () => {
    const archive = createMemoryLogArchive();
    const spec = shell(
      'yes 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef | head -c 30000000',
    );
    await rig.start(spec);
    const { id } = await ended(spec);
    const before = performance.now();
    await rig.open({ archive }).remove(id, never);
    expect(performance.now() - before).toBeLessThan(8_000);
    const [log] = await archive.read(spec.app.id, never);
    expect(log?.lines.length).toBeGreaterThan(1_400);
    expect(log?.lines.at(-1)?.text).toBe('Process exited with status 0');
  });

  it('does not keep the engine busy after its reader has left', async () => {
    const spec = shell('sleep 1000');
    await rig.start(spec);
    const sockets = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
    const before = await sockets();
    for (let i = 0; i < 10; i += 1)
      for await (const line of rig.engine.read({ appId: spec.app.id, lines: 5, follow: true }, never)) {
        expect(line.text).toBe('Process of v2 started');
        break;
      }
    await expect.poll(sockets).toBeLessThan(before + 10);
  });
});

describe('finding', () => {
  it('costs one call once everything is known', async () => {
    const app = newApp((networks += 1));
    for (let number = 1; number <= 4; number += 1) await rig.start(specOf(app, image, { number }));
    const engine = rig.open();
    await engine.find(never);
    const before = performance.now();
    for (let i = 0; i < 20; i += 1) expect(await engine.find(never)).toHaveLength(4);
    expect((performance.now() - before) / 20).toBeLessThan(50);
  });
});
