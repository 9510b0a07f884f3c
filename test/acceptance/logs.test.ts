import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';

/** Serves until somebody asks for /boom; then it says so and exits with status 9. */
const FRAGILE = [
  "const http = require('node:http');",
  "const says = require('node:fs').readFileSync(__dirname + '/page.txt', 'utf8').trim();",
  'const server = http.createServer((req, res) => {',
  "  if (req.url !== '/boom') return res.end(says);",
  // Answered first: the router would ask again, and kill the next one.
  "  res.end('as you like', () => setTimeout(() => { console.log('boom now: ' + says); process.exit(9); }, 100));",
  '});',
  "server.listen(process.env.PORT, '0.0.0.0', () => console.log('listening: ' + says));",
  "process.on('SIGTERM', () => server.close(() => { console.log('bye: ' + says); process.exit(0); }));",
  '',
].join('\n');

let ann: Person;
let repo: Repo;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  repo = await ann.newApp('fragile');
  await repo.commit({ ...dockerfileApp('one'), 'server.js': FRAGILE });
  expect(await repo.push()).toEqual(expect.objectContaining({ code: 0 }));
});
afterAll(() => ann[Symbol.asyncDispose]());

/** What `gantry logs` shows, without the times. */
async function logs(...args: readonly string[]): Promise<string[]> {
  const { code, stdout } = await ann.gantry('logs', '-a', 'fragile', '-n', '500', ...args);
  expect(code).toBe(0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(line.indexOf(' ') + 1))
    .filter((line) => line !== '' && !TOLD.test(line));
}

/** What the platform tells of states, of visits and of what people did; the acceptance of events and drains looks at that. */
const TOLD = /^app\[api\]: |^heroku\[router\]: |: (?:State changed|Starting process|Stopping all)/;

const countOf = (lines: readonly string[], wanted: string): number =>
  lines.filter((line) => line === wanted).length;
const instances = async (): Promise<number> => ((await ann.json('ps', '-a', 'fragile')) as unknown[]).length;

it('the last words of a process that crashed, and its status, are there when another has its place', async () => {
  expect((await ann.visit('fragile', '/boom')).body).toBe('as you like');
  await expect
    .poll(async () => countOf(await logs(), 'app[web.1]: listening: one'), { timeout: 60_000, interval: 500 })
    .toBe(2);
  // The crashed one is removed once its replacement runs.
  await expect.poll(instances, { timeout: 60_000, interval: 500 }).toBe(1);
  expect(await logs()).toEqual([
    'heroku[web.1]: Process of v2 started',
    'app[web.1]: listening: one',
    'app[web.1]: boom now: one',
    'heroku[web.1]: Process exited with status 9',
    'heroku[web.1]: Process of v2 started',
    'app[web.1]: listening: one',
  ]);
});

it('the event stream tells its lines, what it takes and where visitors are led', async () => {
  const events = async (...args: readonly string[]): Promise<unknown[]> => {
    const { code, stdout, stderr } = await ann.gantry('events', '-a', 'fragile', '--json', ...args);
    expect(code, stderr).toBe(0);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  };
  const lines: unknown[] = [];
  const reading = events('-k', 'log', '-n', '1').then((some) => lines.push(...some));
  // A stream begins with what happens once it is open.
  const noticed = async (): Promise<unknown> => (await ann.visit('fragile', '/noticed'), lines[0]);
  await expect
    .poll(noticed, { timeout: 60_000, interval: 250 })
    .toMatchObject({ kind: 'log', source: 'heroku', instance: 'router' });
  await reading;
  expect(JSON.stringify(lines)).toContain('path=\\"/noticed\\"');
  const [taken] = await events('-k', 'metric', '-n', '1');
  expect(taken).toMatchObject({ kind: 'metric', app: { name: 'fragile' }, instances: [{ name: 'web.1' }] });
  const [made, led] = await events('-k', 'route', '--after', '0', '-n', '2');
  expect(made).toMatchObject({ action: 'create', after: { release: null, instances: [] } });
  expect(led).toMatchObject({ action: 'update', after: { release: 2, instances: ['web.1'] } });
});

it('the lines of a release are there after the next one, a change of config and a restart', async () => {
  await repo.commit({ 'page.txt': 'two' });
  expect(await repo.push()).toEqual(expect.objectContaining({ code: 0 }));
  expect(await ann.gantry('config:set', 'X=1', '-a', 'fragile')).toEqual(
    expect.objectContaining({ code: 0 }),
  );
  expect(await ann.gantry('ps:restart', '-a', 'fragile')).toEqual(expect.objectContaining({ code: 0 }));
  const bye = 'app[web.1]: bye: two';
  await expect.poll(async () => countOf(await logs(), bye), { timeout: 60_000, interval: 500 }).toBe(2);
  const lines = await logs();
  for (const [line, times] of [
    ['app[web.1]: boom now: one', 1],
    ['heroku[web.1]: Process exited with status 9', 1],
    ['app[web.1]: bye: one', 1],
    ['app[web.1]: listening: two', 3],
    [bye, 2],
  ] as const)
    expect([line, countOf(lines, line)], lines.join('\n')).toEqual([line, times]);
});

it('nothing of it is left for an app of the same name that comes after it', async () => {
  await ann.destroy('fragile');
  await expect
    .poll(async () => (await ann.gantry('apps:create', 'fragile', '--no-remote')).code, { timeout: 60_000 })
    .toBe(0);
  const { stdout } = await ann.gantry('logs', '-a', 'fragile', '-n', '500');
  // Neither of its instances nor of its visitors; that the new one was made is its own first line.
  expect(stdout).toMatch(/^(?:\S+ app\[api\]: [^\n]+\n)*$/);
  expect(stdout).not.toContain('heroku[');
  await ann.destroy('fragile');
});
