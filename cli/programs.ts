import { constants } from 'node:os';
import type { ChildProcess } from 'node:child_process';
import type { Attach } from './command.ts';
import { startWitness, type Witness } from './witness.ts';

/** Starts a program with one argument and leaves it alone; false when it cannot be started. */
export async function launch(program: string, argument: string): Promise<boolean> {
  const { spawn } = await import('node:child_process');
  return new Promise((resolve) => {
    const child = spawn(program, [argument], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

/** Signals that are meant for the program on the screen, not for the command that lends it the screen. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
type PassedOn = (typeof PASSED_ON)[number];

/**
 * Lends programs the screen. A signal that reached this process alone is handed on to the program, also one that came
 * before it had begun; what was typed has reached it by itself.
 */
export function createAttach(
  keyboard: { readonly isTTY?: boolean },
  witnesses: () => Promise<Witness> = startWitness,
): Attach {
  return async (program, args, env) => {
    const come: PassedOn[] = [];
    let pass = (name: PassedOn): void => void come.push(name);
    const giveBack = takeOver((name) => pass(name));
    try {
      const { spawn } = await import('node:child_process');
      await using witness = keyboard.isTTY === true ? await witnesses() : undefined;
      const child = spawn(program, [...args], { stdio: 'inherit', env });
      const end = ended(child);
      pass = (name) => void passOn(child, name, witness);
      for (const name of come) child.kill(name);
      return await end;
    } finally {
      giveBack();
    }
  };
}

export const attach: Attach = createAttach(process.stdin);

/** These signals are nobody else's until they are given back: the program understands them, and ends when it wants to. */
function takeOver(tell: (name: PassedOn) => void): () => void {
  const taken = PASSED_ON.map((name) => {
    const listener = (): void => tell(name);
    const before = process.rawListeners(name);
    process.removeAllListeners(name);
    process.on(name, listener);
    return () => {
      process.removeListener(name, listener);
      for (const one of before) process.on(name, one as () => void);
    };
  });
  return () => {
    for (const giveBack of taken) giveBack();
  };
}

/** One that was typed is not passed on: a second one would look like impatience. */
async function passOn(child: ChildProcess, name: PassedOn, witness: Witness | undefined): Promise<void> {
  const typed = name === 'SIGINT' || name === 'SIGQUIT';
  // Ctrl-\ is seldom typed, and a program that shall leave a core behind can be told so itself.
  if (typed && witness !== undefined && (name === 'SIGQUIT' || (await witness.wasTold()))) return;
  child.kill(name);
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
