import { spawn } from 'node:child_process';
import { run, type Finished, type RunOptions } from '../../../lib/child.ts';
import { gitEnvironment, gitSettings } from '../../../lib/hermetic-git.ts';

/** Runs git in a bare repository of ours, whatever its exit code. */
export function git(
  repository: string,
  args: readonly string[],
  signal: AbortSignal,
  options: Pick<RunOptions, 'input' | 'maxBytes'> = {},
): Promise<Finished> {
  return run(
    'git',
    [...gitSettings(repository, []), ...args],
    { ...options, env: gitEnvironment({ GIT_DIR: repository }), cwd: '/' },
    signal,
  );
}

/** As `git`, but any other exit code than 0 is an error with git's last words. */
export async function gitOrThrow(
  repository: string,
  args: readonly string[],
  signal: AbortSignal,
  options: Pick<RunOptions, 'input' | 'maxBytes'> = {},
): Promise<string> {
  const done = await git(repository, args, signal, options);
  if (done.code === 0) return done.stdout;
  const said = done.stderr.trim().split('\n').at(-1) ?? '';
  throw new Error(`git ${args[0] ?? ''} ended with ${done.code ?? 'a signal'}: ${said}`);
}

/** Runs git and answers its output byte for byte; the caller has bounded it. */
export function gitBytes(
  args: readonly string[],
  options: { readonly env: Record<string, string>; readonly input: string },
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...args], {
      env: options.env,
      stdio: ['pipe', 'pipe', 'ignore'],
      signal,
      killSignal: 'SIGKILL',
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.on('error', () => undefined); // the exit code tells
    child.stdin.end(options.input);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks));
      else reject(new Error(`git ended with ${code ?? 'a signal'}`));
    });
  });
}
