import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attach } from '../../cli/command.ts';
import { runCli } from '../../cli/program.ts';
import { TIME } from './fake-app.ts';
import { openTestDoor, type TestDoor } from './fake-door.ts';
import { createFakeTerminal, type FakeTerminal } from './fake-terminal.ts';

/** What one call of the command line did. */
interface Called {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly launched: readonly string[];
}

export interface Circumstances {
  /** Instead of the address and token of the test's server. */
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** What starts a program with the user's screen; without it none may be started. */
  readonly attach?: Attach;
  /** To look at what is said while the command still runs. */
  readonly terminal?: FakeTerminal;
}

/** The command line in this process, with a home of its own, against an in-memory platform that has the app `demo`. */
export interface TestCli extends AsyncDisposable {
  readonly door: TestDoor;
  /** Home and working directory. */
  readonly home: string;
  readonly gantry: (args: readonly string[], given?: Circumstances) => Promise<Called>;
}

export async function openTestCli(): Promise<TestCli> {
  const door = await openTestDoor();
  door.world.deployed('demo');
  const home = await mkdtemp(join(tmpdir(), 'gantry-cli-'));
  return {
    door,
    home,
    async gantry(args, given = {}) {
      const terminal = given.terminal ?? createFakeTerminal(given.input ?? '');
      const launched: string[] = [];
      const env = given.env ?? { GANTRY_API_URL: door.url, GANTRY_API_KEY: door.world.adminToken };
      const code = await runCli(args, {
        terminal,
        env: { HOME: home, GANTRY_HOME: join(home, 'state'), EDITOR: 'vi', ...env },
        cwd: home,
        signal: given.signal ?? new AbortController().signal,
        now: () => TIME,
        local: true,
        attach: given.attach ?? (() => Promise.reject(new Error('no program is attached in this test'))),
        launch(program, argument) {
          launched.push(`${program} ${argument}`);
          return Promise.resolve(true);
        },
      });
      return { code, out: terminal.out(), err: terminal.err(), launched };
    },
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}
