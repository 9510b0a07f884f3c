import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltImage } from '../../builder/contract.ts';
import { run } from '../../lib/child.ts';
import { pause } from '../../lib/deadline.ts';
import { callJson } from '../../lib/local-http.ts';
import {
  sampleApp,
  startBuilderRig,
  type BuilderRig,
  type Outcome,
  type SourceEntry,
} from '../support/builder-rig.ts';
import { runImage } from '../support/image-run.ts';

const signal = new AbortController().signal;
let rig: BuilderRig;

beforeAll(async () => {
  rig = await startBuilderRig(signal);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

async function build(
  entries: readonly SourceEntry[],
  more: Parameters<BuilderRig['request']>[1] = {},
): Promise<Outcome> {
  return rig.build(rig.request(await rig.archive(entries), more), signal);
}

function imageOf(outcome: Outcome): BuiltImage {
  if (outcome.image === null)
    throw new Error(`not built: ${outcome.failure?.message ?? ''}\n${outcome.lines.join('\n')}`);
  return outcome.image;
}

const changed = (entries: readonly SourceEntry[], name: string, from: string, to: string): SourceEntry[] =>
  entries.map((entry) =>
    entry.name === name ? { ...entry, content: (entry.content ?? '').replace(from, to) } : entry,
  );

const leftovers = async (): Promise<string[]> => {
  const images = await rig.docker.listImages();
  return images.flatMap((image) => image.RepoTags ?? []).filter((name) => !name.startsWith('gantry/stack'));
};

describe('a Node.js app without a Dockerfile', () => {
  it('is built by its buildpack and answers on PORT, unprivileged, until it is asked to stop', async () => {
    const outcome = await build(await sampleApp('hello'));
    const image = imageOf(outcome);
    expect(image).toMatchObject({ builder: 'nodejs', port: null, checks: { web: '/' } });
    expect(image.processes).toEqual({
      web: { command: 'node server.js', argv: ['/usr/local/bin/gantry-start', 'node server.js'] },
    });
    expect(outcome.lines).toContain('-----> Node.js app detected');
    expect(outcome.lines).toContain('       Procfile declares types     -> web');

    await using app = await runImage(rig, image, 'web', signal);
    expect((await app.get('/')).body).toBe('from the environment\n');
    expect(await app.exec('id', '-u')).toBe('1000');
    expect(await app.exec('sh', '-c', 'pwd; stat -c %u /app /app/server.js; echo $HOME')).toBe(
      '/app\n1000\n1000\n/app',
    );
    const ended = await app.stop();
    expect(ended.code).toBe(0);
    expect(ended.ms).toBeLessThan(4000);
  });

  it('answers with its new line after a change of one line, built upon what is there', async () => {
    const sources = await sampleApp('hello');
    const request = rig.request(await rig.archive(sources));
    const first = imageOf(await rig.build(request, signal));
    const archive = await rig.archive(changed(sources, 'server.js', '${message}', 'now ${message}'));
    const second = imageOf(await rig.build({ ...request, id: `${request.id}-2`, archive }, signal));
    expect(second.digest).not.toBe(first.digest);
    await using app = await runImage(rig, second, 'web', signal);
    expect((await app.get('/')).body).toBe('now from the environment\n');
  });

  it('gets the Node.js it asks for, its packages, its build script and the config of the app, and sheds the rest [S-SEC-07] [S-INJ-08]', async () => {
    const canary = 'canary-7f3a9c';
    const outcome = await build(
      [
        {
          name: 'package.json',
          content: JSON.stringify({
            name: 'x',
            version: '1.0.0',
            engines: { node: '22.x' },
            dependencies: { 'is-number': '7.0.0' },
            devDependencies: { 'left-pad': '1.3.0' },
            scripts: { build: 'node build.js', start: 'node server.js && true' },
          }),
        },
        {
          name: 'build.js',
          content: `require('left-pad');require('node:fs').writeFileSync('made.txt', process.version + ' ' + process.env.SECRET_ONE.length + ' ' + process.env.npm_config_registry.slice(0, 4))`,
        },
        {
          name: 'server.js',
          content: `const made=require('node:fs').readFileSync('made.txt');require('is-number');let pad='no';try{require('left-pad');pad='yes'}catch{};require('node:http').createServer((q,s)=>s.end(made+' '+process.version+' '+pad+' '+process.env.NODE_ENV)).listen(process.env.PORT)`,
        },
      ],
      { env: { SECRET_ONE: canary, 'not/a/name': 'x', PATH: '/nowhere', LD_PRELOAD: '/nowhere.so' } },
    );
    const image = imageOf(outcome);
    expect(outcome.lines.join('\n')).not.toContain('nowhere.so'); // the loader complains of what it cannot load
    expect(outcome.lines.some((line) => line.includes('There is no package-lock.json'))).toBe(true);
    expect(image.processes['web']?.command).toBe('npm start');
    await using app = await runImage(rig, image, 'web', signal);
    expect((await app.get('/')).body).toMatch(/^v22\.\d+\.\d+ 13 http v22\.\d+\.\d+ no production$/);
    expect(await app.exec('ls', '/env', '/cache')).toContain('No such file');
    // Not in a layer, not in the build cache, not in a history: nowhere below the engine's data.
    const found = await run('grep', ['-rlF', canary, rig.engine.dataRoot], {}, signal);
    expect(found.stdout).toBe('');
  });

  it.each([
    ['yarn.lock', 'is locked with Yarn'],
    ['pnpm-lock.yaml', 'is locked with pnpm'],
  ])('that is locked by %s is refused with a way out', async (name, sentence) => {
    const outcome = await build([
      { name: 'package.json', content: '{"name":"x","scripts":{"start":"node a.js"}}' },
      { name, content: '' },
    ]);
    expect(outcome.failure).toMatchObject({
      id: 'compile_failed',
      retry: false,
      message: 'Push rejected, failed to compile Node.js app.',
    });
    expect(outcome.lines.join('\n')).toContain(sentence);
  });

  it('that asks for a Node.js that was never made is told so', async () => {
    const outcome = await build([
      {
        name: 'package.json',
        content: '{"name":"x","engines":{"node":"99.x"},"scripts":{"start":"node a.js"}}',
      },
    ]);
    expect(outcome.failure?.id).toBe('compile_failed');
    expect(outcome.lines.join('\n')).toContain('There is no Node.js version for engines.node "99.x"');
  });
});

describe('a static site', () => {
  it('is served with clean URLs, its own 404 page and no hidden files, and finishes requests when asked to stop', async () => {
    const outcome = await build([
      ...(await sampleApp('site')),
      { name: '.secret', content: 'x' },
      { name: 'app.1a2b3c4d.js', content: '1' },
    ]);
    const image = imageOf(outcome);
    expect(image).toMatchObject({ builder: 'static', port: null });
    await using site = await runImage(rig, image, 'web', signal);
    expect(await site.get('/')).toMatchObject({
      status: 200,
      body: expect.stringContaining('A static site on Gantry') as string,
    });
    expect(await site.get('/about')).toMatchObject({
      status: 200,
      body: expect.stringContaining('About this site') as string,
    });
    expect(await site.get('/nothing')).toMatchObject({
      status: 404,
      body: expect.stringContaining('There is no such page') as string,
    });
    for (const path of ['/.secret', '/.gantry/buildpack', '/.heroku/static/nginx.conf', '/../etc/passwd']) {
      expect((await site.get(path, '--path-as-is')).status).toBeGreaterThanOrEqual(400);
    }
    const { head } = await site.get('/style.css');
    expect(head).toContain('no-cache');
    const etag = /etag: (\S+)/i.exec(head)?.[1] ?? '';
    expect((await site.get('/style.css', '-H', `If-None-Match: ${etag}`)).status).toBe(304);
    expect((await site.get('/app.1a2b3c4d.js')).head).toContain('immutable');
    const ended = await site.stop();
    expect(ended).toEqual(expect.objectContaining({ code: 0 }));
    expect(ended.ms).toBeLessThan(4000);
  });

  it('of one page answers every path with it when static.json says so', async () => {
    const image = imageOf(
      await build([
        { name: 'static.json', content: JSON.stringify({ root: 'dist', routes: { '/**': 'index.html' } }) },
        { name: 'dist/index.html', content: 'the page' },
      ]),
    );
    await using site = await runImage(rig, image, 'web', signal);
    expect(await site.get('/any/where')).toMatchObject({ status: 200, body: 'the page' });
  });

  it('cannot bring words of its own into the configuration of the server', async () => {
    const outcome = await build([
      { name: 'index.html', content: '' },
      { name: 'static.json', content: JSON.stringify({ error_page: '404.html; root /etc' }) },
    ]);
    expect(outcome.failure?.id).toBe('compile_failed');
  });
});

describe('an app with a Dockerfile', () => {
  it('is built as it says, and starts its own command', async () => {
    const outcome = await build(await sampleApp('dockerfile'));
    const image = imageOf(outcome);
    expect(image).toMatchObject({
      builder: 'dockerfile',
      port: 4000,
      processes: { web: { command: 'node server.js', argv: null } },
    });
    await using app = await runImage(rig, image, 'web', signal);
    expect((await app.get('/')).body).toBe('Hello from a Dockerfile!\n');
  });

  it('starts what its Procfile says, and leaves out what .dockerignore names', async () => {
    const image = imageOf(
      await build([
        {
          name: 'Dockerfile',
          content: '# syntax=docker/dockerfile:1\nFROM gantry/stack\nCOPY . /srv\nWORKDIR /srv\n',
        },
        { name: '.dockerignore', content: '*.md\n!KEEP.md\n' },
        { name: 'Procfile', content: 'web: sh run.sh $PORT\nworker: sleep 5\n' },
        {
          name: 'run.sh',
          content: `ls > index.html; exec node -e "require('http').createServer((q,s)=>s.end(require('fs').readFileSync('index.html'))).listen($1)"`,
        },
        { name: 'README.md', content: 'x' },
        { name: 'KEEP.md', content: 'x' },
      ]),
    );
    expect(Object.keys(image.processes)).toEqual(['web', 'worker']);
    await using app = await runImage(rig, image, 'web', signal);
    expect((await app.get('/')).body).toMatch(/^Dockerfile\nKEEP\.md\nProcfile\nindex\.html\nrun\.sh\n$/);
  });

  it('that fails names the step and its exit code, and shows its last lines', async () => {
    const outcome = await build([
      { name: 'Dockerfile', content: 'FROM gantry/stack\nRUN echo "the reason" && exit 3\n' },
    ]);
    expect(outcome.failure).toMatchObject({ id: 'step_failed', retry: false });
    expect(outcome.failure?.message).toBe(
      'Push rejected, RUN echo "the reason" && exit 3 failed: exit code 3.',
    );
    expect(outcome.lines.at(-1)).toBe('       the reason');
  });

  it('that cannot be read says so', async () => {
    const outcome = await build([{ name: 'Dockerfile', content: 'FROM gantry/stack\nBAKE bread\n' }]);
    expect(outcome.failure).toMatchObject({
      id: 'step_failed',
      message: expect.stringMatching(/unknown instruction: BAKE/i) as string,
    });
  });

  it('that starts nothing is refused', async () => {
    const outcome = await build([{ name: 'Dockerfile', content: 'FROM scratch\nCOPY Dockerfile /x\n' }]);
    expect(outcome.failure?.id).toBe('no_process');
  });
});

describe('a build', () => {
  it('of a language nobody knows says what is understood', async () => {
    const outcome = await build([{ name: 'main.cob', content: 'x' }]);
    expect(outcome.failure?.id).toBe('no_language');
    expect(outcome.failure?.message).toMatch(
      /^No default language could be detected for this app\. Add a Dockerfile/,
    );
  });

  it('keeps its output within the limit, clean, and still shows the end of a failure', async () => {
    const outcome = await build(
      [
        {
          name: 'Dockerfile',
          content: `FROM gantry/stack\nRUN for i in $(seq 1 3000); do printf '\\033[31mline %s\\033[0m\\a\\n' $i; done; echo last; exit 1\n`,
        },
      ],
      { limits: { seconds: 60, outputBytes: 2000, outputLines: 1000 } },
    );
    const shown = outcome.lines.join('\n');
    expect(shown).toContain('       line 1\n');
    expect(shown).toContain('The output is long');
    expect(shown).toMatch(/\[\d+ lines of output, \d+ kB, left out here\]\n {7}line 2\d\d\d\n/);
    expect(shown.length).toBeLessThan(4000);
    expect(outcome.lines.at(-1)).toBe('       last');
  });

  it('ends at its deadline, and nothing of it goes on', async () => {
    const outcome = await build([{ name: 'Dockerfile', content: 'FROM gantry/stack\nRUN sleep 987.51\n' }], {
      limits: { seconds: 3, outputBytes: 10_000, outputLines: 1000 },
    });
    expect(outcome.failure).toMatchObject({ id: 'build_timeout', retry: false });
    expect(outcome.ms).toBeLessThan(8000);
    await vanished('987.51');
  });

  it('ends within 5 s of the connection, and leaves nothing behind', async () => {
    const gone = new AbortController();
    const archive = await rig.archive([
      { name: 'Dockerfile', content: 'FROM gantry/stack\nRUN sleep 987.52\n' },
    ]);
    const building = rig.build(rig.request(archive), gone.signal);
    building.catch(() => undefined);
    await within(20_000, async () => (await sleeping('987.52')) > 0);
    gone.abort(new Error('enough'));
    await expect(building).rejects.toThrow();
    await vanished('987.52');
    expect(
      await callJson({ socket: rig.socket, method: 'GET', path: '/status' }, 5000, signal),
    ).toMatchObject({ engine: true, running: 0 });
    expect(await leftovers()).toEqual([]);
  });

  it('leaves no image in the engine once it is pushed, and no container', async () => {
    await build(await sampleApp('dockerfile'));
    await pause(500, signal); // the name goes in the background
    expect(await leftovers()).toEqual([]);
    expect(await rig.docker.listContainers({ all: true })).toEqual([]);
  });

  it('whose token may not push there fails as the registry does, and may be tried again', async () => {
    const archive = await rig.archive(await sampleApp('dockerfile'));
    const token = rig.registry.tokens.pushToken('apps/other');
    const outcome = await rig.build(
      rig.request(archive, { target: { repository: 'apps/mine', token } }),
      signal,
    );
    expect(outcome.failure).toMatchObject({ id: 'push_failed', retry: true });
  });
});

async function sleeping(seconds: string): Promise<number> {
  let found = 0;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // it may have just ended
    if (words.split('\0').slice(0, 2).join(' ') === `sleep ${seconds}`) found += 1;
  }
  return found;
}

async function vanished(seconds: string): Promise<void> {
  await within(5000, async () => (await sleeping(seconds)) === 0);
  expect(await sleeping(seconds)).toBe(0);
}

/** Waits for something to become true, but not for ever: what is broken must fail, not hang. */
async function within(ms: number, holds: () => Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await holds()) && performance.now() - start < ms) await pause(50, signal);
}
