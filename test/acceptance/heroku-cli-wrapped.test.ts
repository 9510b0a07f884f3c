import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { run } from '../../lib/child.ts';
import { herokuStory } from '../support/heroku-story.ts';
import { visit } from '../support/person.ts';
import { freePort } from '../support/free-port.ts';
import { staticSite } from '../support/samples.ts';

const patient = new AbortController().signal;
const BUNDLE = join(import.meta.dirname, '..', '..', 'dist', 'cli-bundle', 'main.js');

await herokuStory(
  'gantry heroku --',
  ({ ann, place }) => {
    const app = 'herokuwrapped';
    const on = ['-a', app];
    let repo: string;

    beforeAll(async () => {
      repo = await ann.newApp(app, staticSite('wrapped'));
    });

    it('pushes over HTTPS to the remote that it made', async () => {
      const helper = ['-c', 'credential.helper=!gantry git:credentials'];
      const pushed = await ann.git(repo, ...helper, 'push', 'heroku', 'main');
      expect(pushed).toEqual(expect.objectContaining({ code: 0 }));
      expect((await visit(place.httpPort, `${app}.localhost`)).body).toContain('wrapped');
    });

    it('does what the command does, as who is logged in to the platform', async () => {
      const [who, apps, status] = await Promise.all([
        ann.ok('auth:whoami'),
        ann.ok('apps'),
        ann.ok('status'),
      ]);
      expect(who).toContain('admin@localhost');
      expect(apps).toContain(app);
      expect(status).toContain('Apps: No known issues');
      expect(await ann.ok('config:set', 'A=1', ...on)).toContain('done, v3');
      expect(await ann.json('config', ...on)).toEqual({ A: '1' });
    });

    it('runs with its exit code, shows logs, and hands on what fails', async () => {
      const [code, logs, missing] = await Promise.all([
        ann.heroku(['run', '--exit-code', '--no-tty', ...on, '--', 'sh', '-c', 'exit 3']),
        ann.heroku(['logs', '-n', '100', ...on]),
        ann.heroku(['apps:info', '-a', 'no-such-app']),
      ]);
      expect([code.code, logs.code, missing.code], code.stderr).toEqual([3, 0, 2]);
      expect(logs.stdout).toMatch(/\[web\.1\]/);
    });

    it('hides the token from the command itself', async () => {
      const { stdout } = await ann.heroku(['auth:token']);
      expect(stdout.trim()).not.toBe('');
      expect(stdout).not.toContain(ann.token);
    });

    it('enters an instance with ps:exec', async () => {
      expect(await ann.ok('ps:exec', '--status', ...on)).toContain('web.1');
      const { code, stdout, stderr } = await ann.heroku(['ps:exec', ...on, '--', 'echo inside $DYNO']);
      expect(code, stderr).toBe(0);
      expect(stdout).toContain('inside');
    });

    it('copies a file out of an instance with ps:copy, and says so of one that is not there', async () => {
      const target = join(ann.dir, 'copied.html');
      await ann.ok('ps:copy', '/app/index.html', '--output', target, ...on);
      expect(await readFile(target, 'utf8')).toBe(staticSite('wrapped')['index.html']);
      const missing = await ann.heroku(['ps:copy', 'no-such-file', '-o', join(ann.dir, 'none'), ...on]);
      expect(missing.code).not.toBe(0);
      expect(missing.stderr).toContain('Could not'); // the command's own words, which are not about the file
    });

    it('clones what was pushed, by the address and with the authority that it was given', async () => {
      const { code, stderr } = await ann.heroku(['git:clone', '-a', app, 'copy']);
      expect(code, stderr).toBe(0);
      expect(await readFile(join(ann.dir, 'copy', 'index.html'), 'utf8')).toContain('wrapped');
    });

    it('forwards a port of this machine into an instance, one connection after another', async () => {
      const port = await freePort();
      const child = spawn(process.execPath, [BUNDLE, 'heroku', '--', 'ps:forward', `${port}:5000`, ...on], {
        ...{ env: ann.env, cwd: ann.dir, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
      });
      const ended = once(child, 'exit');
      try {
        await expect
          .poll(() => visit(port, app).catch(() => null), { timeout: 60_000, interval: 500 })
          .toMatchObject({ status: 200, body: expect.stringContaining('wrapped') as string });
        expect(await visit(port, app)).toMatchObject({ status: 200 });
      } finally {
        // As a terminal does it, to all of the group. Once the command has begun to wait for this, its servers keep it
        // alive until it is told a second time, as they do in a terminal.
        const interrupt = () => child.exitCode === null && process.kill(-(child.pid ?? 0), 'SIGINT');
        interrupt();
        const again = setInterval(interrupt, 1_000);
        await ended;
        clearInterval(again);
      }
    });

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const)('hands on %s that reaches it alone, and ends as the command does: %i', async (name, code) => {
      const child = spawn(process.execPath, [BUNDLE, 'heroku', '--', 'logs', '--tail', ...on], {
        ...{ env: ann.env, cwd: ann.dir, stdio: ['ignore', 'pipe', 'ignore'] },
      });
      const ended = once(child, 'close'); // of its output, too: nobody is left who could write there
      await once(child.stdout, 'data');
      child.kill(name);
      expect((await ended)[0]).toBe(code);
    });

    it('refuses, before it starts, commands that talk to services elsewhere', async () => {
      for (const command of ['apps:favorites', 'notifications', 'container:login', 'update']) {
        const { code, stderr } = await ann.heroku([command]);
        expect(code, command).not.toBe(0);
        expect(stderr, command).toMatch(/not available|stays at version/);
      }
    });

    /**
     * Every address that any process of it connects to, and every name it asks a name server for, as the kernel sees them.
     * Where the kernel cannot be asked, nothing is proved, and that is said.
     */
    it('connects to nobody but this machine', async (context) => {
      const trace = join(ann.dir, 'connects');
      const traced = (...args: readonly string[]) =>
        run(
          'strace',
          [
            '-f',
            '-qq',
            '-s',
            '256',
            '-e',
            'trace=connect,sendto,sendmsg,sendmmsg',
            '-o',
            trace,
            process.execPath,
            BUNDLE,
            'heroku',
            '--',
            ...args,
          ],
          { env: ann.env, cwd: ann.dir },
          patient,
        );
      const possible = await run('strace', ['-V'], {}, patient).then(
        () => true,
        () => false,
      );
      if (!possible) {
        process.stderr.write(
          '\n!!! NOT TESTED: without strace nobody sees whom the heroku command connects to.\n\n',
        );
        context.skip();
      }
      for (const args of [
        ['apps'],
        ['apps:info', ...on],
        ['config:set', 'B=2', ...on],
        ['logs', '-n', '1', ...on],
        ['run', '--no-tty', ...on, '--', 'true'],
      ]) {
        expect((await traced(...args)).code, args.join(' ')).toBe(0);
        const said = await readFile(trace, 'utf8');
        const inet = said.split('\n').filter((line) => /AF_INET6?\b/.test(line));
        expect(inet.length, args.join(' ')).toBeGreaterThan(0);
        const elsewhere = inet.filter((line) => !/inet_addr\("127\.|inet_pton\(AF_INET6, "::1"/.test(line));
        expect(elsewhere, args.join(' ')).toEqual([]);
        expect(said, args.join(' ')).not.toMatch(/heroku\.com|herokai|heroku\\3com/);
      }
    });
  },
  'gantry',
);
