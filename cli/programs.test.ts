import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAttach } from './programs.ts';
import { startWitness, type Witness } from './witness.ts';

/** Ends with what it was told: 1 for each SIGINT, told by SIGTERM. */
const COUNTS = `let n = 0; process.on('SIGINT', () => (n += 1)); process.on('SIGTERM', () => process.exit(n)); setInterval(() => 0, 1000); require('fs').writeFileSync(process.argv[1], '');`;
const WAITS = `setInterval(() => 0, 1000); require('fs').writeFileSync(process.argv[1], '');`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'programs-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A program on the screen, once it has begun. A signal that is told to this process alone is one that is emitted here. */
async function running(program: string, attach = createAttach({ isTTY: false })) {
  const begun = join(folder, 'begun');
  const end = attach(process.execPath, ['-e', program, begun], {});
  await vi.waitFor(() => stat(begun), 5_000);
  return { end, tell: (name: NodeJS.Signals) => process.emit(name, name) };
}

const witness = (told: boolean) => (): Promise<Witness> =>
  Promise.resolve({
    pid: undefined,
    wasTold: () => Promise.resolve(told),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });

describe('a program that has the screen', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('is told of %s, and its end is ours: %i', async (name, code) => {
    const before = process.rawListeners(name);
    const { end, tell } = await running(WAITS);
    tell(name);
    expect(await end).toBe(code);
    expect(process.rawListeners(name)).toEqual(before);
  });

  it('is told of a signal that came before it had begun', async () => {
    const end = createAttach({ isTTY: false })(process.execPath, ['-e', WAITS, join(folder, 'x')], {});
    process.emit('SIGTERM', 'SIGTERM');
    expect(await end).toBe(143);
  });

  it('on a terminal is told of SIGINT that nobody typed, and not twice of one that somebody did', async () => {
    for (const [typed, count] of [
      [false, 1],
      [true, 0],
    ] as const) {
      const { end, tell } = await running(COUNTS, createAttach({ isTTY: true }, witness(typed)));
      tell('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 50));
      tell('SIGTERM');
      expect(await end).toBe(count);
      await rm(join(folder, 'begun'));
    }
  });

  it('that is not there is told of, and the signals are given back', async () => {
    const before = process.rawListeners('SIGTERM');
    await expect(createAttach({})('no-such-program', [], {})).rejects.toThrow('ENOENT');
    expect(process.rawListeners('SIGTERM')).toEqual(before);
  });
});

describe('the witness', () => {
  it('tells a signal to the whole group from one to us alone, each time', async () => {
    await using one = await startWitness();
    expect(await one.wasTold()).toBe(false);
    for (let round = 0; round < 2; round += 1) {
      process.kill(one.pid ?? 0, 'SIGINT');
      expect(await one.wasTold()).toBe(true);
    }
    expect(await one.wasTold()).toBe(false);
  });

  it('ends when it is not needed any more', async () => {
    const one = await startWitness();
    const { pid = 0 } = one;
    await one[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  });
});
