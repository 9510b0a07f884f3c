import { spawn, type ChildProcess } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { meetPerson, type Person } from '../support/person.ts';
import { nodeApp } from '../support/samples.ts';

const APP = 'sshruns';
let ann: Person;
const children: ChildProcess[] = [];

beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  const repo = await ann.newApp(APP);
  await repo.commit(nodeApp('here'));
  expect(await repo.push()).toEqual(expect.objectContaining({ code: 0 }));
});
afterEach(() => children.forEach((child) => child.kill()));
afterAll(() => ann[Symbol.asyncDispose]());

interface Call {
  readonly user?: string;
  readonly terminal?: boolean;
}

/** The real ssh with this command; keys are pressed when what is shown asks for it. */
function ssh(line: string, { user = 'git', terminal = false }: Call = {}) {
  const args = ann.sshArgs(user, terminal ? ['-tt'] : []);
  const child = spawn('ssh', [...args, line], { stdio: 'pipe', env: { ...process.env, TERM: 'xterm' } });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const done = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, done, shown: () => stdout };
}

const PATIENT = { timeout: 30_000 };

describe('a command in an app over ssh, without any program of ours', () => {
  it('prints, complains and fails as it does at home', async () => {
    const { code, stdout, stderr } = await ssh(`run -a ${APP} echo hi; echo oops >&2; exit 7`).done;
    expect({ code, stdout }).toEqual({ code: 7, stdout: 'hi\n' });
    expect(stderr).toMatch(/^Running .* on sshruns as run\.\d+\.\noops\n$/);
  });

  it('reads what is piped into it', async () => {
    const { child, done } = ssh(`run -a ${APP} wc -c`);
    child.stdin.end(Buffer.alloc(300_000, 'x'));
    expect(await done).toMatchObject({ code: 0, stdout: '300000\n' });
  });

  it('has a terminal with ssh -t, whose size is known when the command begins', async () => {
    const { code, stdout } = await ssh(`run -a ${APP} stty size`, { terminal: true }).done;
    expect({ code, size: /^\d+ \d+(?=\r$)/m.exec(stdout)?.[0] }).toEqual({ code: 0, size: '24 80' });
  });

  it('has a terminal with ssh -t, in which Ctrl-C interrupts what runs and not the shell', async () => {
    const { child, done, shown } = ssh(`run -a ${APP} bash`, { terminal: true });
    child.stdin.write('tty; echo term $TERM\n');
    await expect.poll(shown, PATIENT).toMatch(/\/dev\/pts\/\d+\r\nterm xterm\r\n/);
    child.stdin.write('echo sleeping; sleep 100\n');
    await expect.poll(shown, PATIENT).toContain('sleeping\r\n');
    child.stdin.write('\u0003');
    child.stdin.write('echo code $?\n');
    await expect.poll(shown, PATIENT).toContain('code 130\r\n');
    child.stdin.write('exit 9\n');
    expect((await done).code).toBe(9);
  });

  it('ends when its caller goes away', async () => {
    const { child, done, shown } = ssh(`run -a ${APP} bash`, { terminal: true });
    await expect.poll(shown, PATIENT).toContain('$ ');
    expect(await ann.json('ps', '-a', APP)).toContainEqual(expect.objectContaining({ type: 'run' }));
    child.kill('SIGKILL');
    await done;
    await expect
      .poll(() => ann.json('ps', '-a', APP), { timeout: 60_000, interval: 1_000 })
      .not.toContainEqual(expect.objectContaining({ type: 'run' }));
  });

  it.each([
    ['git', `ps:exec -a ${APP} hostname`, 'web-1\n'],
    ['git', `run:inside -a ${APP} web.1 echo $DYNO`, 'web.1\n'],
    ['dokku', `run ${APP} echo hello`, 'hello\n'],
    ['dokku', `--app ${APP} run echo hello`, 'hello\n'],
    ['dokku', `enter ${APP} web echo $DYNO`, 'web.1\n'],
    ['deis', `run -a ${APP} -- echo hello`, 'hello\n'],
  ])('is there for %s: %s', async (user, line, said) => {
    expect(await ssh(line, { user }).done).toMatchObject({ code: 0, stdout: said });
  });

  it('opens a shell in an instance as Dokku does', async () => {
    const { child, done, shown } = ssh(`enter ${APP}`, { user: 'dokku', terminal: true });
    child.stdin.write('echo in $DYNO\n');
    await expect.poll(shown, PATIENT).toContain('in web.1\r\n');
    child.stdin.write('\u0004');
    expect((await done).code).toBe(0);
  });
});
