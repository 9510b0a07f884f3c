import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
