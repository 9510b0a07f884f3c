import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEnds } from '../../cli/ends.ts';
import { commandLine, withoutDashes } from '../../cli/run-process.ts';
import { createDyno } from '../../server/contract/endpoints/runs.ts';
import { createClient } from '../../server/contract/client.ts';
import { meetRun } from '../../cli/run-client.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

const never = new AbortController().signal;
let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

async function order(): Promise<string> {
  const client = createClient({ url: door.url, token: door.world.adminToken });
  const body = { command: 'bash', attach: true, force_no_tty: true };
  const { attach_url: url } = await client.call(createDyno, { params: { app: 'demo' }, body }, never);
  return url?.split('/').at(-1) ?? '';
}

function screen() {
  const [input, out, err] = [new PassThrough(), new PassThrough(), new PassThrough()];
  return { input, out, err, ends: createEnds(input, out, err) };
}

describe('a process that is met over HTTP', () => {
  it('reads the input to its end, prints on two streams and has an exit code', async () => {
    const { input, out, err, ends } = screen();
    const met = meetRun(door.url, await order(), ends, never);
    input.end('hello');
    await expect.poll(() => door.world.runs.processes[0]?.said.inputEnded).toBe(true);
    const [process] = door.world.runs.processes;
    expect(process?.input().toString()).toBe('hello');
    process?.print('out\n');
    process?.print('oops\n', 'err');
    process?.finish(7);
    expect(await met).toEqual({ code: 7 });
    out.end();
    err.end();
    expect([await text(out), await text(err)]).toEqual(['out\n', 'oops\n']);
  });

  it('is let go when its person leaves', async () => {
    const { ends } = screen();
    const leave = new AbortController();
    const met = meetRun(door.url, await order(), ends, leave.signal);
    await expect.poll(() => door.world.runs.processes.length).toBe(1);
    leave.abort();
    expect(await met).toMatchObject({ problem: expect.stringContaining('broke') as string });
    await expect.poll(() => door.world.runs.processes[0]?.said.letGo).toBe(true);
  });

  it('hears the size of the screen and the signals of its person', async () => {
    const { ends } = screen();
    const told = { resize: (): void => undefined, signal: undefined as ((name: string) => void) | undefined };
    const met = meetRun(
      door.url,
      await order(),
      {
        ...ends,
        size: () => ({ columns: 100, rows: 30 }),
        onResize: (tell) => ((told.resize = tell), () => undefined),
        onSignal: (tell) => ((told.signal = tell), () => undefined),
      },
      never,
    );
    await expect.poll(() => door.world.runs.processes[0]?.said.sizes).toEqual([{ columns: 100, rows: 30 }]);
    told.resize();
    told.signal?.('SIGINT');
    told.signal?.('SIGSTOP'); // none of ours
    await expect.poll(() => door.world.runs.processes[0]?.said.signals).toEqual(['SIGINT']);
    expect(door.world.runs.processes[0]?.said.sizes).toHaveLength(2);
    door.world.runs.processes[0]?.finish(0);
    expect(await met).toEqual({ code: 0 });
  });

  it.each(['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const)(
    'hears %s of its person, which ends nothing here',
    async (name) => {
      const before = process.rawListeners(name);
      const met = meetRun(door.url, await order(), screen().ends, never);
      await expect.poll(() => door.world.runs.processes.length).toBe(1);
      process.emit(name);
      await expect.poll(() => door.world.runs.processes[0]?.said.signals).toEqual([name]);
      door.world.runs.processes[0]?.finish(0);
      expect(await met).toEqual({ code: 0 });
      expect(process.rawListeners(name)).toEqual(before);
    },
  );

  it('is met once, by its secret', async () => {
    await expect(meetRun(door.url, 'wrong', screen().ends, never)).rejects.toThrow(/answered 404/);
  });
});

describe('the words of a command', () => {
  it('are one line, in which each word stays one', () => {
    expect(commandLine(['echo $HOME; ls'])).toBe('echo $HOME; ls');
    expect(withoutDashes(['--', 'ls', '--', 'x'])).toEqual(['ls', '--', 'x']);
    expect(withoutDashes(['ls', '--', 'x'])).toEqual(['ls', '--', 'x']);
    expect(commandLine(['sh', '-c', "echo 'a b'"])).toBe("sh -c 'echo '\\''a b'\\'''");
  });
});
