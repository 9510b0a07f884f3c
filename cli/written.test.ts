import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { written } from './written.ts';

it('waits until a slow reader has taken everything', async () => {
  const taken: string[] = [];
  const slow = new Writable({
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk.toString());
      setImmediate(done);
    },
  });
  for (const text of ['a', 'b', 'c']) slow.write(text);
  await written(slow);
  expect(taken.join('')).toBe('abc');
});

it('does not wait for a stream that takes nothing any more', async () => {
  const gone = new Writable({ write: (_chunk, _encoding, done) => done(new Error('gone')) });
  gone.on('error', () => undefined);
  gone.write('a');
  await expect(written(gone)).resolves.toBeUndefined();
  await expect(written(gone.destroy())).resolves.toBeUndefined();
  const ended = new Writable({ write: (_chunk, _encoding, done) => done() });
  await expect(written(ended.end())).resolves.toBeUndefined();
});

it('keeps what a process has printed into a pipe, however late it is read', async () => {
  const module = JSON.stringify(new URL('./written.ts', import.meta.url).href);
  const program = `
    import { written } from ${module};
    for (let i = 0; i < 50_000; i += 1) process.stdout.write('twenty letters a line\\n');
    await written(process.stdout);
    process.exit(0);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Nobody reads until the process has nothing left to do but to wait for its reader.
  await once(child.stdout, 'readable');
  let bytes = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) bytes += chunk.length;
  expect(bytes).toBe(50_000 * 22);
});
