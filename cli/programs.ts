import { constants } from 'node:os';
import type { ChildProcess } from 'node:child_process';
import type { Attach } from './command.ts';

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

export const attach: Attach = async (program, args, env) => {
  const { spawn } = await import('node:child_process');
  const child = spawn(program, [...args], { stdio: 'inherit', env });
  const listeners = PASSED_ON.map((name) => [name, passOn(child, name)] as const);
  // Ours alone while it runs: Ctrl-C is the program's to understand, and it ends when it wants to.
  const before = PASSED_ON.map((name) => [name, process.rawListeners(name)] as const);
  for (const name of PASSED_ON) process.removeAllListeners(name);
  for (const [name, listener] of listeners) process.on(name, listener);
  try {
    return await ended(child);
  } finally {
    for (const [name, listener] of listeners) process.removeListener(name, listener);
    for (const [name, all] of before) for (const one of all) process.on(name, one as () => void);
  }
};

/** On a terminal the keyboard's signals have reached the child too; a second one would look like impatience. */
function passOn(child: ChildProcess, name: NodeJS.Signals): () => void {
  const typed = name === 'SIGINT' || name === 'SIGQUIT';
  return () => {
    if (!(typed && process.stdin.isTTY)) child.kill(name);
  };
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
