#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { runCli } from './program.ts';
import { createTerminal } from './terminal.ts';

const interrupted = new AbortController();
// Once: a second Ctrl-C ends the process at once.
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
// `gantry logs | head`: the reader has enough, which is no failure.
process.stdout.on('error', (err: NodeJS.ErrnoException) => process.exit(err.code === 'EPIPE' ? 0 : 1));

process.exit(
  await runCli(process.argv.slice(2), {
    terminal: createTerminal(process.stdout, process.stderr, process.stdin),
    env: process.env,
    cwd: process.cwd(),
    signal: interrupted.signal,
    now: () => new Date(),
    launch: (program, argument) =>
      new Promise((resolve) => {
        const child = spawn(program, [argument], { stdio: 'ignore', detached: true });
        child.once('error', () => resolve(false));
        child.once('spawn', () => {
          child.unref();
          resolve(true);
        });
      }),
  }),
);
