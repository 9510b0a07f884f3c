import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMachine, type Machine } from '../support/platform-machine.ts';
import { newPlatform, type TestPlatform } from '../support/platform.ts';

const ROOT = join(import.meta.dirname, '..', '..');

describe('a machine without an engine', () => {
  let machine: Machine;
  let platform: TestPlatform;

  const script = (name: string, ...args: string[]) =>
    machine.run(join(ROOT, 'script', name), args, platform.env);
  const visit = async (app: string): Promise<string> =>
    machine.get({ port: platform.place.httpPort, path: '/', headers: { host: `${app}.localhost` } });
  const engineAnswers = async (): Promise<boolean> =>
    (await machine.get({ socketPath: '/var/run/docker.sock', path: '/_ping' })) === 'OK';

  const docker = async (...args: string[]) => machine.run('docker', args, platform.env);
  const expectSpared = async (): Promise<void> => {
    const refused = await script('uninstall', '--purge', '--yes');
    expect(refused.stderr).toContain('Nothing was removed');
    expect(refused.stderr).toContain('theirs');
    expect(refused.code).toBe(1);
  };

  beforeAll(async () => {
    machine = await startMachine();
    platform = await newPlatform();
  });
  afterAll(async () => {
    await script('uninstall', '--purge', '--yes');
    await machine[Symbol.asyncDispose]();
  });

  it('gets one from script/server, and a live app from its demo', async () => {
    const demo = await script('server', '--demo');
    expect(demo.stdout + demo.stderr).toContain(`Live: http://hello.localhost:${platform.place.httpPort}`);
    expect(demo.code).toBe(0);
    expect(await visit('hello')).toContain('Hello from Gantry!');
  });

  it('has nothing broken, says the doctor, and its engine keeps apps alive without us', async () => {
    const doctor = await machine.run(join(ROOT, 'bin', 'gantry'), ['doctor', '--json'], platform.env);
    const findings = JSON.parse(doctor.stdout) as { level: string; state: string }[];
    expect(findings.filter((finding) => finding.level === 'broken')).toEqual([]);
    expect(findings.map((finding) => finding.state)).toContain('live-restore');
    expect(findings.map((finding) => finding.state)).toContain('4096 networks');
    expect(doctor.code).toBe(0);
  });

  it('stops apps and engine with the platform, and brings both back', async () => {
    expect((await script('stop')).code).toBe(0);
    expect(await engineAnswers()).toBe(false);
    const start = await script('server', '--detach');
    expect(start.code, start.stderr).toBe(0);
    // At once: a start that calls itself ready has its apps back.
    expect(await visit('hello'), start.stderr).toContain('Hello from Gantry!');
  });

  it('brings every app back after a loss of power, and is not uninstalled before with what is somebody else’s', async () => {
    const [image = ''] = (await docker('images', '--quiet')).stdout.split('\n');
    expect((await docker('create', '--name', 'theirs', image)).code).toBe(0);
    await machine.losePower();
    expect(await engineAnswers()).toBe(false);
    await expectSpared();
    const start = await script('server', '--detach');
    expect(start.code, start.stderr).toBe(0);
    // At once: a start that calls itself ready has its apps back.
    expect(await visit('hello'), start.stderr).toContain('Hello from Gantry!');
  });

  it('is not uninstalled while the engine that goes with it holds what is somebody else’s', async () => {
    await expectSpared();
    expect(await visit('hello')).toContain('Hello from Gantry!');
    expect((await docker('rm', 'theirs')).code).toBe(0);
  });

  describe('its backup', () => {
    let safe: string;
    const kept = (name: string): string => join(safe, name);
    const gantry = (...args: string[]) =>
      machine.run(join(ROOT, 'bin', 'gantry'), args, {
        ...platform.env,
        GANTRY_API_URL: `http://127.0.0.1:${platform.place.apiPort}`,
      });
    const config = async (): Promise<string> => (await gantry('config:get', 'SECRET', '-a', 'hello')).stdout;
    const log = async (): Promise<string> => {
      const read = [
        '--git-dir',
        join(platform.place.home, 'repos', `${await appId()}.git`),
        'log',
        '--oneline',
      ];
      return (await machine.run('git', ['-c', 'safe.directory=*', ...read, 'main'], platform.env)).stdout;
    };
    const appId = async (): Promise<string> =>
      (JSON.parse((await gantry('apps:info', '-a', 'hello', '--json')).stdout) as { id: string }).id;
    const keep = (name: string) => cp(join(platform.place.home, 'secrets', name), kept(name));

    beforeAll(async () => {
      safe = await mkdtemp(join(tmpdir(), 'gantry-safe-'));
    });
    afterAll(() => rm(safe, { recursive: true, force: true }));

    it('is made while it runs, and has no word in the clear [S-SEC-06]', async () => {
      expect((await gantry('config:set', 'SECRET=canary-7f3a', '-a', 'hello')).code).toBe(0);
      const made = await machine.run(
        'sh',
        ['-c', 'cd "$1" && exec "$2" admin:backup --output backup', 'sh', safe, join(ROOT, 'bin', 'gantry')],
        platform.env,
      );
      expect(made.stdout, made.stderr).toBe(`${kept('backup')}\n`);
      expect(made.stderr).toContain('1 repositories');
      await keep('backup-key');
      const list = 'age --decrypt --identity "$1" "$2" | tar --list | grep secrets/';
      const listed = await machine.run(
        'sh',
        ['-c', list, 'sh', kept('backup-key'), kept('backup')],
        platform.env,
      );
      expect(listed.stdout).toContain('secrets/master-key\n');
      expect(listed.stdout).not.toContain('backup-key');
      expect((await readdir(safe)).sort()).toEqual(['backup', 'backup-key']);
      expect(await readdir(join(platform.place.home, 'backups'))).toEqual([]);
      const bytes = await readFile(kept('backup'));
      expect(bytes.subarray(0, 21).toString()).toBe('age-encryption.org/v1');
      const names = ['backup-key', 'master-key', 'ssh_host_ed25519_key'];
      const secrets = await Promise.all(
        names.map((name) => readFile(join(platform.place.home, 'secrets', name))),
      );
      for (const text of ['canary-7f3a', 'gantry-backup.json', ...secrets.map((one) => one.subarray(0, 40))])
        expect(bytes.includes(text)).toBe(false);
    });

    it('is not restored over a platform, with another key, or when it was altered [S-SEC-06]', async () => {
      const refused = async (words: RegExp, backup = kept('backup'), key = kept('backup-key')) => {
        const said = await script('restore', backup, '--key', key);
        expect(said.code).toBe(1);
        expect(said.stderr.trim().split('\n').at(-1)).toMatch(words);
        expect(said.stderr, 'a sentence, no trace').not.toMatch(/^ +at /m);
      };
      const [before, pushed] = [await visit('hello'), await log()];
      await refused(/^There is a platform in .* on another machine/);
      const own = join(platform.place.home, 'secrets', 'backup-key');
      await refused(/Copy the backup and its key .* to another place first/, kept('backup'), own);
      expect([await visit('hello'), await log()]).toEqual([before, pushed]);
      expect((await script('uninstall', '--purge', '--yes')).code).toBe(0);

      await machine.run('age-keygen', ['-o', kept('other')], platform.env);
      await refused(/does not open with .*other: it was made for another key/, kept('backup'), kept('other'));
      await refused(/backup is no key of backups/, kept('backup'), kept('backup'));
      const whole = await readFile(kept('backup'));
      const altered = Buffer.from(whole);
      altered[whole.length >> 1] = (whole[whole.length >> 1] ?? 0) ^ 1;
      await writeFile(kept('altered'), altered);
      await writeFile(kept('cut'), whole.subarray(0, whole.length - 70_000));
      await refused(/altered is no backup, or was altered or cut off/, kept('altered'));
      await refused(/cut is no backup, or was altered or cut off/, kept('cut'));
      const without = async (name: string): Promise<void> => {
        const steps =
          'age -d -i "$1" "$2" | tar --delete -f - "$3" | age -e -r "$(age-keygen -y "$1")" -o "$4"';
        const files = [kept('backup-key'), kept('backup'), name, kept('without')];
        const made = await machine.run(
          'bash',
          ['-o', 'pipefail', '-c', steps, 'bash', ...files],
          platform.env,
        );
        expect(made.code, made.stderr).toBe(0);
      };
      for (const name of ['id', 'secrets/master-key', 'restore/database.dump']) {
        await without(name);
        await refused(new RegExp(`without is no backup, .*it holds no ${name}`), kept('without'));
      }
      await without('gantry-backup.json');
      await refused(/holds no backup that this version of Gantry can restore/, kept('without'));
      await refused(/There is no file .*nowhere/, kept('nowhere'));
      expect((await machine.run('ls', [platform.place.home], platform.env)).code).not.toBe(0);
    });

    it('brings apps, their config and repositories, keys and logins back, on a machine that has nothing [S-SEC-06]', async () => {
      // As the top of a disk of its own has it, which cannot be put in another's place.
      await machine.run('mkdir', ['-p', join(platform.place.home, 'lost+found')], platform.env);
      const restored = await script('restore', kept('backup'), '--key', kept('backup-key'));
      expect(restored.code, restored.stderr).toBe(0);
      expect((await stat(join(platform.place.home, 'id'))).mode & 0o777).toBe(0o644);
      expect(await readdir(platform.place.home)).not.toContain('.restoring');
      const start = await script('server', '--detach');
      expect(start.code, start.stderr).toBe(0);
      expect(await visit('hello'), start.stderr).toContain('Hello from Gantry!');
      expect(await config()).toBe('canary-7f3a\n');
      expect((await log()).trim().split('\n')).toHaveLength(1);
      expect((await gantry('rollback', '-a', 'hello')).code).toBe(0);
      expect(await config()).toBe('');
      expect((await machine.run('ls', [join(platform.place.home, 'restore')], platform.env)).code).not.toBe(
        0,
      );
    });
  });

  it('is left without a trace by uninstall --purge', async () => {
    const done = await script('uninstall', '--purge', '--yes');
    expect(done.code, done.stderr).toBe(0);
    expect(await engineAnswers()).toBe(false);
    const left = await machine.run('ip', ['-br', 'link', 'show'], platform.env);
    expect(left.stdout.split('\n').filter((line) => line.startsWith('gt'))).toEqual([]);
    const rules = await machine.run('iptables-save', [], platform.env);
    expect(rules.stdout.toLowerCase()).not.toContain('gantry');
    expect((await machine.run('ls', [platform.place.home], platform.env)).code).not.toBe(0);
  });
});
