import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { archiveOf } from '../../cli/source-archive.ts';
import { readSourceTree } from '../../cli/source-tree.ts';
import { createFakeTerminal } from '../support/fake-terminal.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

const never = new AbortController().signal;
const WAIT = { timeout: 5_000, interval: 10 };
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

/** Files by their paths in a folder of the user's home. */
function tree(files: Readonly<Record<string, string>>, folder = 'site'): string {
  const root = join(cli.home, folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const paths = async (root: string) =>
  (await readSourceTree(root, never)).entries.filter(({ kind }) => kind !== 'folder').map(({ path }) => path);

describe('the source of a folder', () => {
  it('is what no .gitignore of any folder, nor .slugignore, leaves out', async () => {
    const root = tree({
      '.git/HEAD': '',
      '.gitignore': 'node_modules\n*.log\n!keep.log\n/dist/\n',
      '.slugignore': 'docs\n',
      Procfile: 'web: x',
      'a.log': '',
      'keep.log': '',
      'dist/x.js': '',
      'docs/index.md': '',
      'node_modules/x/index.js': '',
      'src/.gitignore': '/secret\n!b.log\n',
      'src/b.log': '',
      'src/secret': '',
      'src/dist/y.js': '',
    });
    expect(await paths(root)).toEqual([
      '.gitignore',
      '.slugignore',
      'Procfile',
      'keep.log',
      'src/.gitignore',
      'src/b.log',
      'src/dist/y.js',
    ]);
  });

  it('of a Dockerfile is without what .dockerignore leaves out, but with what the build reads itself', async () => {
    const files = { Dockerfile: 'FROM scratch', Procfile: '', 'tmp/x': '', 'sub/tmp/x': '' };
    expect(await paths(tree({ ...files, '.dockerignore': 'tmp\nProcfile\nDockerfile\n' }, 'one'))).toEqual([
      '.dockerignore',
      'Dockerfile',
      'Procfile',
      'sub/tmp/x',
    ]);
    expect(await paths(tree({ ...files, '.dockerignore': '*\n!tmp\n' }, 'two'))).toContain('tmp/x');
  });

  it('leaves dependencies out that the build installs, and says so', async () => {
    const root = tree({ 'package.json': '{}', 'node_modules/x/index.js': '' });
    expect(await readSourceTree(root, never)).toMatchObject({
      entries: [{ path: 'package.json' }],
      notes: [matching(/node_modules is left out/)],
    });
  });

  it('is sent as a tar.gz that holds just that', async () => {
    const root = tree({ 'a.txt': 'hello', empty: '', [`${'d'.repeat(120)}/grüße.txt`]: 'x'.repeat(100_000) });
    symlinkSync('a.txt', join(root, 'link'));
    const chunks: Uint8Array[] = [];
    let read = 0;
    for await (const chunk of archiveOf(await readSourceTree(root, never), (bytes) => (read = bytes), never))
      chunks.push(chunk);
    const found: string[] = [];
    const tar = extract();
    tar.end(gunzipSync(Buffer.concat(chunks)));
    for await (const entry of tar) {
      const { name, type, size } = entry.header;
      found.push(`${type} ${name.replace(/d{9,}/, 'd…')} ${String(size)}`);
      entry.resume();
    }
    expect(found).toEqual([
      'file a.txt 5',
      'directory d… 0',
      'file d…/grüße.txt 100000',
      'file empty 0',
      'symlink link 0',
    ]);
    expect(read).toBe(100_005);
  });
});

describe('gantry deploy', () => {
  it('sends the folder, shows what the build says, and ends when it is cancelled by another', async () => {
    const root = tree({ 'index.html': 'hello' });
    const terminal = createFakeTerminal('');
    const call = cli.gantry(['deploy', root, '-a', 'demo', '--version', 'v7'], { terminal });
    await vi.waitFor(async () => {
      const { out } = await cli.gantry(['builds', '-a', 'demo', '--json']);
      expect(JSON.parse(out)).toMatchObject([{ status: 'pending', source_blob: { version: 'v7' } }]);
    }, WAIT);
    expect((await cli.gantry(['builds:info', '-a', 'demo'])).out).toMatch(/Source +v7/);
    expect(await cli.gantry(['builds:cancel', '-a', 'demo'])).toEqual(expect.objectContaining({ code: 0 }));
    expect(await call).toMatchObject({
      code: 1,
      out: '',
      err: matching(/Nothing was deployed: It was cancelled/),
    });
    expect((await cli.gantry(['builds:output', '-a', 'demo'])).out).toContain('It was cancelled by admin@');
    const { out } = await cli.gantry(['builds:output', '-a', 'demo', '--json']);
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual({
      text: matching(/It was cancelled by admin@/),
    });
    expect(await cli.gantry(['builds:cancel', '-a', 'demo'])).toMatchObject({ code: 1 });
  });

  it('stays with the app when it is renamed meanwhile', async () => {
    const root = tree({ 'index.html': 'hello' });
    const call = cli.gantry(['deploy', root, '-a', 'demo']);
    await vi.waitFor(async () => {
      const { out } = await cli.gantry(['builds', '-a', 'demo', '--json']);
      expect(JSON.parse(out)).toMatchObject([{ status: 'pending' }]);
    }, WAIT);
    expect(await cli.gantry(['apps:rename', 'renamed', '-a', 'demo'])).toMatchObject({ code: 0 });
    await cli.gantry(['builds:cancel', '-a', 'renamed']);
    expect(await call).toMatchObject({ code: 1, err: matching(/Nothing was deployed: It was cancelled/) });
  });

  it('returns at once when it is not to wait', async () => {
    const root = tree({ 'index.html': 'hello' });
    const called = await cli.gantry(['deploy', root, '-a', 'demo', '--no-wait', '--json']);
    expect(called.code).toBe(0);
    expect(JSON.parse(called.out)).toMatchObject({ status: 'pending' });
  });

  it('plans what would be refused as a failure, like the deploy itself', async () => {
    const plan = (files: Record<string, string>) =>
      cli.gantry(['deploy', tree(files), '-a', 'demo', '--plan']);
    expect(await plan({ 'foo.py': '' })).toMatchObject({
      code: 1,
      out: expect.stringContaining('nothing here looks like an app') as unknown,
      err: expect.stringContaining('demo would not be built: at the root of a source there is') as unknown,
    });
    const root = tree({ 'index.html': '' });
    symlinkSync('/etc/passwd', join(root, 'abs'));
    for (const more of [['--plan'], []])
      expect(await cli.gantry(['deploy', root, '-a', 'demo', ...more])).toMatchObject({
        ...{ code: 1, out: '' },
        err: expect.stringContaining('cannot be deployed: "abs" is an absolute link') as unknown,
      });
    expect(cli.door.world.writes).toEqual([]);
  });

  it('plans without changing anything', async () => {
    const root = tree({ 'package.json': '{}', 'index.html': '' });
    const called = await cli.gantry(['deploy', root, '-a', 'demo', '--plan', '--json']);
    expect(JSON.parse(called.out)).toEqual({
      ...{ app: 'demo', detected: 'Node.js', files: 2, bytes: 2, release: 3 },
      restarts: [{ type: 'web', quantity: 1 }],
    });
    expect((await cli.gantry(['deploy', root, '-a', 'demo', '--plan'])).out).toMatch(/Release +v3/);
    expect(cli.door.world.writes).toEqual([]);
  });

  it('says what is wrong with a folder before anything is sent', async () => {
    mkdirSync(join(cli.home, 'empty'));
    for (const folder of ['empty', 'missing'])
      expect(await cli.gantry(['deploy', folder, '-a', 'demo'])).toMatchObject({ code: 1, out: '' });
    expect(cli.door.world.writes).toEqual([]);
  });
});

describe('releases', () => {
  it('are compared without showing values, unless that is asked for', async () => {
    await cli.gantry(['config:set', '-a', 'demo', 'SECRET=hunter2', 'LANG=de']);
    const masked = await cli.gantry(['releases:diff', '-a', 'demo']);
    expect(masked.out).toContain('+ config SECRET=••••••');
    expect(masked.out).not.toContain('hunter2');
    const shown = await cli.gantry(['releases:diff', 'v2', 'v3', '-a', 'demo', '--values', '--json']);
    expect(JSON.parse(shown.out)).toMatchObject({
      ...{ from: 2, to: 3, image: null, processes: [] },
      config: [
        { name: 'LANG', from: 'C.UTF-8', to: 'de' },
        { name: 'SECRET', from: null, to: 'hunter2' },
      ],
    });
  });

  it('are tried again with the config of now', async () => {
    const called = await cli.gantry(['releases:retry', '-a', 'demo']);
    expect(called).toMatchObject({
      code: 0,
      err: matching(/Retry of v2: Deploy 1a2b3c4 .*v3[^]*v3 is live/),
    });
    expect((await cli.gantry(['releases:output', '-a', 'demo'])).out).toContain('Starting v3');
  });

  it('are not tried again when they changed nothing but config vars, which are gone', async () => {
    cli.door.world.outcome = 'failed';
    await cli.gantry(['config:set', 'A=1', '-a', 'demo']);
    cli.door.world.outcome = 'succeeded';
    expect(await cli.gantry(['releases:retry', '-a', 'demo'])).toMatchObject({
      ...{ code: 1, out: '' },
      err: matching(
        /v3 of demo \(Set A config vars?\) changed nothing but config vars, which were taken back/,
      ),
    });
    expect((await cli.gantry(['releases', '-a', 'demo', '-n', '1', '--json'])).out).toContain('"version":3');
  });

  it('say what a rollback would do', async () => {
    await cli.gantry(['config:set', '-a', 'demo', 'A=1']);
    const called = await cli.gantry(['rollback', '--plan', '-a', 'demo']);
    expect(called).toMatchObject({ code: 0, out: matching(/^v4 would have the image and the config of v2/) });
    expect((await cli.gantry(['releases', '-a', 'demo', '-n', '1', '--json'])).out).toContain('"version":3');
  });
});

describe('an app', () => {
  it('gets another name', async () => {
    expect(await cli.gantry(['apps:rename', 'newname', '-a', 'demo'])).toMatchObject({
      code: 0,
      out: 'http://newname.localhost:8080/ | ssh://git@localhost:2222/newname.git\n',
    });
    expect((await cli.gantry(['apps:info', 'demo'])).code).toBe(1);
  });

  it('has a stack, and a cache that can be forgotten', async () => {
    expect((await cli.gantry(['stacks', '-a', 'demo'])).out).toBe('* gantry\n');
    expect(await cli.gantry(['stacks:set', 'gantry', '-a', 'demo'])).toEqual(
      expect.objectContaining({ code: 0 }),
    );
    expect(await cli.gantry(['stacks:set', 'heroku-24', '-a', 'demo'])).toMatchObject({ code: 1 });
    expect(await cli.gantry(['builds:cache:purge', '-a', 'demo'])).toEqual(
      expect.objectContaining({ code: 0 }),
    );
  });
});
