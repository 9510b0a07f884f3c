import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pause } from '../../lib/deadline.ts';
import { Secret } from '../../lib/secret.ts';
import { createRunCare } from '../../server/controller/run-watch.ts';
import { SMALL } from '../../server/domain/instance.ts';
import type { BuiltImage } from '../../server/domain/release.ts';
import { onTerminal } from '../../server/domain/run.ts';
import type { Attachment, RunSpec } from '../../server/ports/runs.ts';
import { quietLog } from '../../lib/log.ts';
import { newApp, specOf, startEngineRig, type EngineRig } from '../support/engine-rig.ts';

const never = new AbortController().signal;
let rig: EngineRig;
let image: BuiltImage;
let networks = 0;
let numbers = 1000;

beforeAll(async () => {
  rig = await startEngineRig(never);
  image = await rig.image('tests/runs');
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(async () => {
  for (const { id } of await rig.engine.findRuns(never)) await rig.engine.remove(id, never);
  for (const { id } of await rig.engine.find(never)) await rig.engine.remove(id, never);
});

function runSpec(script: string, rest: Partial<RunSpec> = {}): RunSpec {
  return {
    ...{ app: newApp((networks += 1)), release: 2, number: (numbers += 1), image, command: script },
    argv: ['sh', '-c', script],
    config: new Map(),
    env: new Map(),
    platformEnv: new Map([['DYNO', 'run.1']]),
    ...{ attached: true, tty: false, size: SMALL, endsAt: new Date(Date.now() + 3_600_000) },
    ...rest,
  };
}

async function create(spec: RunSpec): Promise<string> {
  await rig.engine.prepare(spec.app, spec.image, rig.pullToken(spec.image.repository), never);
  const id = await rig.engine.createRun(spec, never);
  if (id === undefined) throw new Error('taken');
  return id;
}

async function attach(script: string, rest: Partial<RunSpec> = {}): Promise<Attachment> {
  const spec = runSpec(script, rest);
  return rig.engine.attachRun(await create(spec), spec.tty, never);
}

/** All it prints, and how it ended. */
async function told(attachment: Attachment): Promise<{ out: string; err: string; code: number }> {
  const said = { out: '', err: '' };
  for await (const { stream, bytes } of attachment.output) said[stream] += bytes.toString('utf8');
  return { ...said, code: await attachment.exitCode() };
}

describe('an attached run', () => {
  it('tells output from errors, loses nothing of either, and has an exit code', async () => {
    const script = 'i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done; echo oops >&2; exit 3';
    const { out, err, code } = await told(await attach(script));
    expect(out.trimEnd().split('\n')).toHaveLength(20_000);
    expect({ err, code }).toEqual({ err: 'oops\n', code: 3 });
  });

  it('reads its input to the end', async () => {
    const run = await attach('wc -c; echo done');
    await run.write(Buffer.from('hello '));
    await run.write(Buffer.alloc(1_000_000, 'x'));
    run.end();
    const { out, code } = await told(run);
    expect(out.split(/\s+/).filter(Boolean)).toEqual(['1000006', 'done']);
    expect(code).toBe(0);
  });

  it('ends although nobody has ended its input', async () => {
    expect(await told(await attach('echo hi'))).toEqual({ out: 'hi\n', err: '', code: 0 });
  });

  it('has a terminal of the size that was wanted, when it wants one', async () => {
    const run = await attach('sleep 0.5; stty size; tty', { tty: true });
    await run.resize({ columns: 133, rows: 44 });
    const { out } = await told(run);
    expect(out).toContain('44 133');
    expect(out).toContain('/dev/pts/');
  });

  it('has a terminal of a known size before its command begins', async () => {
    const argv = onTerminal(['/bin/sh', '-c', 'stty size'], { columns: 77, rows: 33 });
    const { out } = await told(await attach('', { argv, tty: true }));
    expect(out).toBe('33 77\r\n');
  });

  it('is waited for by whoever writes to it, until it is gone', async () => {
    const run = await attach('sleep 1');
    await run.write(Buffer.alloc(4 * 1024 * 1024));
    expect((await told(run)).code).toBe(0);
    await run.write(Buffer.from('too late'));
  });

  it('and all that it started hear a signal', async () => {
    const run = await attach('sleep 100; echo never');
    await pause(500, never);
    await run.signal('SIGINT');
    const { out, code } = await told(run);
    expect(out).toBe('');
    expect(code).toBe(130);
  });

  it('has config below what was added, the platform’s words above both, and no PORT', async () => {
    const env = new Map([
      ['A', 'added'],
      ['DYNO', 'mine'],
    ]);
    const config = new Map([
      ['A', new Secret('config')],
      ['B', new Secret('config')],
    ]);
    const run = await attach('echo $A $B $DYNO "[$PORT]"', { env, config });
    expect((await told(run)).out).toBe('added config run.1 []\n');
  });

  it('leaves nothing of what it printed on the machine', async () => {
    const spec = runSpec('echo secret');
    const id = await create(spec);
    await told(await rig.engine.attachRun(id, false, never));
    await expect(rig.docker.getContainer(id).logs({ stdout: true })).rejects.toThrow(/logging driver/);
    const lines = await linesOf(spec.app.id);
    expect(lines).toEqual([
      expect.stringMatching(/^gantry run\.\d+ Starting process with command `echo secret`$/),
      expect.stringMatching(/^gantry run\.\d+ Process exited with status 0$/),
    ]);
  });

  it('says which program its image does not have', async () => {
    const { err, code } = await told(await attach('', { argv: ['no-such-program'] }));
    expect(err).toContain('no-such-program');
    expect(code).toBe(127);
  });

  it('has a number that no other run of the app has', async () => {
    const spec = runSpec('sleep 100');
    await create(spec);
    expect(await rig.engine.createRun(spec, never)).toBeUndefined();
  });
});

async function linesOf(appId: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of rig.engine.read({ appId, lines: 100, follow: false }, never))
    lines.push(`${line.source} ${line.instance} ${line.text}`);
  return lines;
}

describe('a detached run', () => {
  it('prints into the log of its app, also when it is gone', async () => {
    const spec = runSpec('echo one; echo two; exit 4', { attached: false, number: 4711 });
    const id = await create(spec);
    await rig.engine.startRun(id, never);
    const whole = [
      'gantry run.4711 Starting process with command `echo one; echo two; exit 4`',
      'app run.4711 one',
      'app run.4711 two',
      'gantry run.4711 Process exited with status 4',
    ];
    await expect.poll(() => linesOf(spec.app.id), { timeout: 10_000 }).toEqual(whole);
    await rig.engine.remove(id, never);
    expect(await linesOf(spec.app.id)).toEqual(whole);
  });

  it('is seen by whoever follows the log of its app', async () => {
    const spec = runSpec('sleep 0.5; echo word', { attached: false });
    await rig.engine.prepare(spec.app, image, rig.pullToken(image.repository), never);
    const stop = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      const query = { appId: spec.app.id, lines: 10, follow: true };
      for await (const { text } of rig.engine.read(query, stop.signal)) seen.push(text);
    })().catch(() => undefined);
    await rig.engine.startRun(await create(spec), never);
    const whole = [
      'Starting process with command `sleep 0.5; echo word`',
      'word',
      'Process exited with status 0',
    ];
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(whole);
    stop.abort();
    await reading;
  });

  it('is no instance, and goes with its app', async () => {
    const spec = runSpec('sleep 100', { attached: false });
    await rig.engine.startRun(await create(spec), never);
    expect(await rig.engine.find(never)).toEqual([]);
    expect(await rig.engine.findRuns(never, spec.app.id)).toMatchObject([
      { appId: spec.app.id, number: spec.number, attached: false, state: 'up', command: 'sleep 100' },
    ]);
    expect(await rig.engine.findRuns(never, 'another')).toEqual([]);
    await rig.engine.forget(spec.app.id, never);
    expect(await rig.engine.findRuns(never)).toEqual([]);
  });
});

describe('the care for runs', () => {
  it('finds those that a server that died has left, and lets only the detached one live', async () => {
    const kept = await create(runSpec('sleep 100', { attached: false }));
    await rig.engine.startRun(kept, never);
    const over = await create(runSpec('true', { attached: false }));
    await rig.engine.startRun(over, never);
    const left = await create(runSpec('trap "" HUP; sleep 100'));
    const ends = await rig.engine.attachRun(left, false, never);
    await ends[Symbol.asyncDispose]();
    let nowMs = Date.now() + 4_000;
    // A new server: nobody attends anything.
    const care = createRunCare({
      engine: rig.engine,
      attended: () => false,
      nowMs: () => nowMs,
      log: quietLog(),
    });
    const ids = async (): Promise<string[]> =>
      (await rig.engine.findRuns(never))
        .filter((run) => run.state === 'up')
        .map((run) => run.id)
        .toSorted();
    await expect.poll(ids).toEqual([kept, left].toSorted());
    for (let round = 0; round < 4; round += 1) {
      await care.round(never);
      nowMs += 5_000;
    }
    await expect.poll(ids).toEqual([kept]);
    await care.round(never);
    const runs = await rig.engine.findRuns(never);
    expect(runs.map((run) => run.id)).toEqual([kept]);
  });
});

describe('a command inside an instance', () => {
  async function instance(): Promise<string> {
    const spec = specOf(newApp((networks += 1)), image, { config: new Map([['X', new Secret('config')]]) });
    await rig.start(spec);
    const found = (await rig.engine.find(never)).find(({ appId }) => appId === spec.app.id);
    return found?.id ?? '';
  }
  const exec = (id: string, script: string, tty = false): Promise<Attachment> =>
    rig.engine.exec(id, { argv: ['sh', '-c', script], env: new Map([['E', 'added']]), tty }, never);

  it('sees what the instance sees, and has an exit code', async () => {
    const id = await instance();
    expect(await told(await exec(id, 'hostname; echo $X $E; echo oops >&2; exit 7'))).toEqual({
      out: 'web-1\nconfig added\n',
      err: 'oops\n',
      code: 7,
    });
  });

  it('reads its input to the end', async () => {
    const run = await exec(await instance(), 'cat');
    await run.write(Buffer.from('hello'));
    run.end();
    expect((await told(run)).out).toBe('hello');
  });

  it('may have a terminal', async () => {
    const run = await exec(await instance(), 'sleep 0.5; stty size', true);
    await run.resize({ columns: 99, rows: 33 });
    expect((await told(run)).out).toContain('33 99');
  });

  it('and all that it started hear a signal, and the instance does not', async () => {
    const id = await instance();
    const run = await exec(id, 'sleep 1000 & sleep 1000', true);
    await pause(500, never);
    await run.signal('SIGKILL');
    expect((await told(run)).code).not.toBe(0);
    const { out } = await told(
      await exec(id, 'for d in /proc/[0-9]*; do tr "\\0" " " <$d/cmdline; echo; done'),
    );
    expect(out.split('\n').filter((line) => line.startsWith('sleep 1000 '))).toHaveLength(1); // its own
  });

  it('is refused when there is no such program, or no such instance', async () => {
    const id = await instance();
    await expect(
      rig.engine.exec('0'.repeat(64), { argv: ['true'], env: new Map(), tty: false }, never),
    ).rejects.toMatchObject({
      id: 'not_found',
    });
    const run = await rig.engine
      .exec(id, { argv: ['no-such-program'], env: new Map(), tty: false }, never)
      .then(told, (err: unknown) => ({ code: (err as { id?: string }).id }));
    expect([126, 127, 'start_refused']).toContain(run.code);
  });
});
