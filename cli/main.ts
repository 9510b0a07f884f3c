#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { attach, launch } from './programs.ts';
import { VERSION } from './version.ts';

/** The question asked most often, mostly by scripts, is answered without loading anything else. */
const asked = process.argv.slice(2);
if (asked.length === 1 && ['--version', '-V', '-v'].includes(asked[0] ?? '')) {
  process.stdout.write(`${VERSION}\n`);
} else {
  await main(asked);
}

async function main(argv: readonly string[]): Promise<void> {
  keepCompiled();
  const [{ runCli }, { createTerminal }, { createEnds }, { written }] = await Promise.all([
    import('./program.ts'),
    import('./terminal.ts'),
    import('./ends.ts'),
    import('./written.ts'),
  ]);
  const terminal = createTerminal(process.stdout, process.stderr, process.stdin, process.env);
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    interrupted.abort(new Error('interrupted'));
    // Whoever does not want to wait for the command to end in order interrupts it again.
    process.once('SIGINT', () => process.exit(130));
  });
  process.once('exit', () => terminal.rest());
  // `gantry logs | head`: the reader has enough, which is no failure.
  process.stdout.on('error', (err: NodeJS.ErrnoException) => {
    if (err.code === 'EPIPE') process.exit(0);
    terminal.note(`Error: the output could not be written: ${err.message}.`);
    process.exit(1);
  });

  const code = await runCli(argv, {
    terminal,
    env: process.env,
    cwd: process.cwd(),
    signal: interrupted.signal,
    now: () => new Date(),
    local: true,
    launch,
    attach,
    ends: createEnds(process.stdin, process.stdout, process.stderr),
  });
  // That the last write failed (a full disk) is told only now, and changes the code.
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([process.stdout, process.stderr].map(written));
  process.exit(code);
}

/** Node 22 can keep compiled code from one call to the next; Node 20 cannot, and does without. */
function keepCompiled(): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: () => unknown };
  enableCompileCache?.();
}
