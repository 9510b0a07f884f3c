import { beforeAll, expect, it } from 'vitest';
import { herokuStory } from '../support/heroku-story.ts';
import { visit } from '../support/person.ts';
import { nodeApp } from '../support/samples.ts';

await herokuStory('the real heroku command: processes, logs, runs', ({ ann, place }) => {
  const app = 'herokuprocs';

  beforeAll(async () => {
    const repo = await ann.newApp(app, nodeApp('here'));
    expect(await ann.git(repo, 'push', 'heroku', 'main')).toEqual(expect.objectContaining({ code: 0 }));
  });

  const on = ['-a', app];
  const heard = (text: string): string => text.replace(/\s+/g, ' ');

  it('scales by number and by difference, and shows what runs', async () => {
    expect(await ann.ok('ps:scale', 'worker=1', ...on)).toContain('now running worker at 1:small');
    expect(await ann.ok('ps:scale', 'web+1', ...on)).toContain('now running web at 2:small');
    expect(await ann.ok('ps:scale', ...on)).toContain('web=2:small worker=1:small');
    expect(await ann.ok('ps:wait', ...on)).toBeDefined();
    await expect
      .poll(() => ann.ok('ps', ...on), { timeout: 60_000, interval: 2_000 })
      .toMatch(/web \(small\): node server\.js \(2\).*web\.1: up.*web\.2: up.*worker\.1: up/);
    expect(await ann.json('ps', ...on)).toMatchObject([{ state: 'up' }, { state: 'up' }, { state: 'up' }]);
    expect(await ann.ok('ps:type', ...on)).toMatch(/web small 2.*worker small 1/);
    expect(await ann.ok('ps:scale', 'web=1', 'worker=1', ...on)).toContain('web at 1:small');
  });

  it('restarts and stops one process, a type of them, and all', async () => {
    for (const args of [
      ['ps:restart', '-d', 'web.1'],
      ['ps:restart', '-p', 'worker'],
      ['ps:restart'],
      ['ps:stop', '-d', 'worker.1'],
      ['ps:stop', '-p', 'worker'],
    ])
      expect(await ann.ok(...args, ...on)).toContain('done');
    await ann.ok('ps:wait', ...on);
    await expect
      .poll(() => visit(place.httpPort, `${app}.localhost`), { timeout: 60_000, interval: 500 })
      .toMatchObject({ status: 200, body: 'here' });
  });

  it('shows logs: the last lines, of one source and one process', async () => {
    const [all, few, ofType] = await Promise.all([
      ann.heroku(['logs', ...on]),
      ann.heroku(['logs', '-n', '2', '-s', 'app', '-d', 'worker.1', ...on]),
      ann.heroku(['logs', '-p', 'web', '-n', '50', ...on]),
    ]);
    expect(all.code).toBe(0);
    expect(all.stdout).toMatch(/ heroku\[web\.1\]: State changed/);
    expect(few.stdout.trim().split('\n')).toHaveLength(2);
    expect(few.stdout).toMatch(/^\S+ app\[worker\.1\]: working$/m);
    expect(ofType.stdout).toContain('listening on');
    expect(ofType.stdout).not.toContain('worker');
  });

  it('follows logs as they come', async () => {
    expect(await ann.until('app[worker.1]: working', 'logs', '--tail', '-n', '0', ...on)).toContain(
      'working',
    );
  });

  it('follows what visitors ask as they ask it', async () => {
    const visits = setInterval(
      () => void visit(place.httpPort, `${app}.localhost`, '/seen').catch(() => 0),
      500,
    );
    try {
      const shown = await ann.until('path="/seen"', 'logs', '--tail', '-n', '0', ...on);
      expect(shown).toMatch(/ heroku\[router\]: at=info method=GET path="\/seen" .*dyno=web\.1 .*status=200/);
    } finally {
      clearInterval(visits);
    }
  });

  it('runs a command, shows what it prints and hands on what it is told', async () => {
    const [said, counted] = await Promise.all([
      ann.heroku(['run', '--no-tty', ...on, '--', 'echo', 'hello']),
      ann.heroku(['run', '--no-tty', ...on, '--', 'wc', '-c'], { input: 'hello world' }),
    ]);
    expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('hello') as string });
    expect(counted).toMatchObject({ code: 0, stdout: expect.stringMatching(/\b11\s*$/) as string });
  });

  it('exits as the command does that it runs', async () => {
    const [failed, fine] = await Promise.all([
      ann.heroku(['run', '--exit-code', '--no-tty', ...on, '--', 'sh', '-c', 'exit 3']),
      ann.heroku(['run', '--exit-code', ...on, '--', 'true']),
    ]);
    expect([failed.code, fine.code]).toEqual([3, 0]);
  });

  it('runs with variables of its own, at home in the app', async () => {
    const [variable, home] = await Promise.all([
      ann.heroku(['run', '--no-tty', '-e', 'K=value', '--type', 'worker', ...on, '--', 'echo $K $DYNO']),
      ann.heroku(['run', '--no-tty', ...on, '--', 'ls; pwd']),
    ]);
    expect(variable.stdout).toMatch(/value \w+\.\d+/);
    expect(home.stdout).toMatch(/server\.js[^]*\/app/);
  });

  it('runs detached, to be read in the log', async () => {
    const started = await ann.heroku(['run:detached', ...on, '--', 'echo', 'from afar']);
    expect(started).toEqual(expect.objectContaining({ code: 0 }));
    const name = /run\.\d+/.exec(started.stdout + started.stderr)?.[0] ?? 'none';
    await expect
      .poll(async () => (await ann.heroku(['logs', '-n', '200', ...on])).stdout, {
        timeout: 60_000,
        interval: 2_000,
      })
      .toContain(`app[${name}]: from afar`);
  });

  it('stops a run that goes on', async () => {
    const started = await ann.heroku(['run:detached', ...on, '--', 'sleep', '600']);
    const name = /run\.\d+/.exec(started.stdout + started.stderr)?.[0] ?? 'none';
    expect(await ann.ok('ps', ...on)).toContain(name);
    await ann.ok('ps:stop', '-d', name, ...on);
    await expect.poll(() => ann.ok('ps', ...on), { timeout: 60_000, interval: 2_000 }).not.toContain(name);
  });

  it('runs a command inside a process that serves', async () => {
    const { code, stdout, stderr } = await ann.heroku([
      'run:inside',
      'web.1',
      ...on,
      '--',
      'cat',
      'page.txt',
    ]);
    expect(code, stderr).toBe(0);
    expect(heard(stdout)).toContain('here');
  });

  it('says what is wrong with what cannot be run, scaled or restarted', async () => {
    const [size, type, dyno] = await Promise.all([
      ann.heroku(['ps:scale', 'web=1:Standard-2X', ...on]),
      ann.heroku(['ps:scale', 'nosuch=1', ...on]),
      ann.heroku(['run:inside', 'web.9', ...on, '--', 'true']),
    ]);
    for (const { code, stderr } of [size, type, dyno]) {
      expect(code).toBe(2);
      expect(stderr).toContain('Error:');
      expect(stderr).not.toContain('HTTP Error');
    }
  });
});
