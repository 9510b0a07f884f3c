import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startLoad } from '../support/load.ts';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';

let ann: Person;
let repo: Repo;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  repo = await ann.newApp('steady');
  await repo.commit(dockerfileApp('steady'));
  expect((await repo.push()).code).toBe(0);
});
afterAll(() => ann[Symbol.asyncDispose]());

/** Pushes something that must fail; the release that served before must not miss a request. */
async function refused(files: Record<string, string>) {
  const good = (await repo.git('rev-parse', 'HEAD')).stdout.trim();
  await repo.commit({ ...dockerfileApp('steady'), ...files });
  const load = startLoad({ port: ann.place.httpPort, host: 'steady.localhost', perSecond: 100 });
  const pushed = await repo.push();
  const report = await load.stop();
  await repo.git('reset', '-q', '--hard', good);
  expect(report.failures).toEqual([]);
  expect([...report.bodies.keys()]).toEqual(['steady']);
  expect((await repo.git('ls-remote', 'gantry', 'refs/heads/main')).stdout).toContain(good);
  return pushed;
}

it('a build that fails: non-zero, with the reason and the last lines', async () => {
  const dockerfile = 'FROM gantry/stack\nRUN echo about to fail; exit 7\n';
  const pushed = await refused({ Dockerfile: dockerfile });
  expect(pushed.code).not.toBe(0);
  expect(pushed.stderr).toContain('about to fail');
  expect(pushed.stderr).toMatch(/ !\s+.*7/);
});

it('an app that exits at once: non-zero, with its status and its last lines', async () => {
  const pushed = await refused({ 'server.js': "console.log('no database today'); process.exit(3);\n" });
  expect(pushed.code).not.toBe(0);
  expect(pushed.stderr).toContain('exited with status 3');
  expect(pushed.stderr).toContain('no database today');
});

it('an app that never listens: non-zero at the boot limit, with the port it should have opened', async () => {
  const pushed = await refused({ 'server.js': "console.log('thinking'); setInterval(() => {}, 1000);\n" });
  expect(pushed.code).not.toBe(0);
  expect(pushed.stderr).toContain('port 5000');
  expect(pushed.stderr).toContain('thinking');
});

it('an app whose answers take their time: no failure, it is waited for as a visitor would', async () => {
  const app = dockerfileApp('slow and sure');
  // Each of them, so that asking again is no help.
  const waits = (app['server.js'] ?? '').replace(
    /res\.end\((.*)\)\);/,
    'setTimeout(() => res.end($1), 7000));',
  );
  const warming = await ann.newApp('warming');
  await warming.commit({ ...app, 'server.js': waits });
  const pushed = await warming.push();
  expect(pushed, pushed.stderr).toEqual(expect.objectContaining({ code: 0 }));
  expect((await ann.visit('warming')).body).toBe('slow and sure');
});

it('another branch: refused, nothing stored, and how to deploy it', async () => {
  await repo.git('branch', '-f', 'feature');
  const pushed = await repo.push('gantry', 'feature');
  expect(pushed.code).not.toBe(0);
  expect(pushed.stderr).toContain('git push gantry feature:main');
  expect((await repo.git('ls-remote', 'gantry')).stdout).not.toContain('feature');
});

it('an older push gives way to a newer one, and says so', async () => {
  await repo.commit({ Dockerfile: 'FROM gantry/stack\nRUN sleep 20\n' });
  const older = repo.startPush();
  let said = '';
  older.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said, { timeout: 15_000 }).toContain('remote:');
  await repo.git('reset', '-q', '--hard', 'HEAD~1');
  await repo.commit(dockerfileApp('newest'));
  const newer = repo.push('--force', 'gantry', 'main');
  const code = await new Promise<number | null>((resolve) => older.on('close', resolve));
  expect(code).not.toBe(0);
  expect(said).toContain('newer push');
  expect((await newer).code).toBe(0);
  expect((await ann.visit('steady')).body).toBe('newest');
});
