import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../lib/child.ts';
import { callJson } from '../../lib/local-http.ts';
import {
  sampleApp,
  startBuilderRig,
  type BuilderRig,
  type Outcome,
  type SourceEntry,
} from '../support/builder-rig.ts';

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

const dockerfile = (...lines: string[]): SourceEntry[] => [
  { name: 'Dockerfile', content: `${lines.join('\n')}\n` },
];
const shown = (outcome: Outcome): string => outcome.lines.join('\n');

describe('a hostile archive', () => {
  it.each<[string, SourceEntry]>([
    ['a path that climbs', { name: '../escaped', content: 'x' }],
    ['an absolute path', { name: '/etc/escaped', content: 'x' }],
    ['a link out of the tree', { name: 'link', type: 'symlink', linkname: '../../etc/passwd' }],
    ['an absolute link', { name: 'link', type: 'symlink', linkname: '/etc/passwd' }],
    ['a hard link', { name: 'hard', type: 'link', linkname: '/etc/passwd' }],
    ['a device', { name: 'disk', type: 'character-device' }],
    ['a pipe', { name: 'pipe', type: 'fifo' }],
    ['a setuid file', { name: 'su', content: 'x', mode: 0o4755 }],
    ['a second Dockerfile', { name: './Dockerfile', content: 'FROM scratch' }],
    ['a name with control characters', { name: 'a\u001b[2Jb', content: 'x' }],
  ])('with %s is refused before anything is built', async (_, entry) => {
    const outcome = await build([...dockerfile('FROM gantry/stack', 'RUN echo built'), entry]);
    expect(outcome.failure).toMatchObject({ id: 'source_refused', retry: false });
    expect(shown(outcome)).not.toContain('FROM');
  });

  it('whose Dockerfile is a link is refused', async () => {
    const outcome = await build([
      { name: 'real', content: 'FROM scratch' },
      { name: 'Dockerfile', type: 'symlink', linkname: 'real' },
    ]);
    expect(outcome.failure).toMatchObject({ id: 'source_refused' });
  });

  it('of too many entries is refused', async () => {
    const entries = Array.from({ length: 100_001 }, (_, index): SourceEntry => ({ name: `d/${index}` }));
    expect((await build(entries)).failure?.message).toContain('more than 100000');
  });

  it('that is no archive, or is not there, is refused', async () => {
    const missing = await rig.build(rig.request('/nonexistent/source.tar'), signal);
    expect(missing.failure).toMatchObject({ id: 'source_refused' });
    const noise = await rig.build(rig.request('/bin/ls'), signal);
    expect(noise.failure).toMatchObject({ id: 'source_refused' });
  });

  it('with a link inside the tree is built as it is', async () => {
    const outcome = await build([
      { name: 'Dockerfile', content: 'FROM gantry/stack\nCOPY . /x\nRUN cat /x/d/link\nCMD ["x"]\n' },
      { name: 'd/link', type: 'symlink', linkname: '../target' },
      { name: 'target', content: 'found me\n' },
    ]);
    expect(shown(outcome)).toContain('found me');
  });
});

describe('a source whose names and texts a shell would obey', () => {
  it('is built as it is, and none of it is obeyed outside the build [S-INJ-06]', async () => {
    const canary = join(tmpdir(), `canary-${randomBytes(4).toString('hex')}`);
    const order = `touch ${canary}`;
    const outcome = await build([
      {
        name: 'package.json',
        content: JSON.stringify({
          name: 'x',
          scripts: { build: `${order} && echo built`, start: 'node a.js' },
        }),
      },
      { name: 'a.js', content: '' },
      { name: 'Procfile', content: `web: node a.js; ${order}\nworker: $(${order})\n` },
      {
        name: 'app.json',
        content: JSON.stringify({ scripts: { postdeploy: order }, cron: [{ command: order }] }),
      },
      { name: `$(touch ${basename(canary)})`, content: 'x' },
      { name: `;cd ..;touch ${basename(canary)}`, content: 'x' },
      { name: '--checkpoint-action=exec=id', content: 'x' },
      { name: '-rf', content: 'x' },
      { name: `a'b"c\`d`, content: 'x' },
    ]);
    expect(shown(outcome)).toContain('built');
    expect(outcome.image?.processes).toMatchObject({
      web: { command: `node a.js; ${order}` },
      worker: { command: `$(${order})` },
    });
    // In the layers of the build it is: there it was asked for.
    const elsewhere = ['-path', rig.engine.dataRoot, '-prune', '-o', '-name', basename(canary), '-print'];
    const { stdout } = await run('find', [tmpdir(), ...elsewhere], {}, signal);
    expect(stdout).toBe('');
  });
});

describe('a hostile Dockerfile', () => {
  it.each([
    ['# syntax=evil/frontend', 'FROM scratch'],
    ['FROM 127.0.0.1:7001/apps/victim'],
    ['FROM gantry/stack', 'RUN --network=host true'],
    ['FROM gantry/stack', 'RUN --mount=type=secret,id=env cat /run/secrets/env'],
    ['FROM gantry/stack', 'ADD git@example.com:a/b.git /x'],
  ])('is refused before anything is built: %s %s [S-INJ-04]', async (...lines) => {
    const outcome = await build(dockerfile(...lines));
    expect(outcome.failure).toMatchObject({ id: 'dockerfile_refused', retry: false });
    expect(shown(outcome)).not.toContain('FROM');
  });

  it('cannot name the registry as the engine sees it', async () => {
    const outcome = await build(
      dockerfile(
        'FROM gantry/stack',
        `COPY --from=${rig.engine.hostAddress}:${rig.registry.port}/apps/victim / /`,
      ),
    );
    expect(outcome.failure).toMatchObject({ id: 'dockerfile_refused' });
  });

  it('cannot read the registry, nor push to it, from a step', async () => {
    const registry = `http://${rig.engine.hostAddress}:${rig.registry.port}/v2`;
    const outcome = await build(
      dockerfile(
        'FROM gantry/stack',
        `RUN curl -s -o /dev/null -w 'read %{http_code}\\n' --max-time 5 ${registry}/_catalog; true`,
        `RUN curl -s -o /dev/null -w 'push %{http_code}\\n' --max-time 5 -X POST ${registry}/apps/victim/blobs/uploads/; true`,
        'CMD ["x"]',
      ),
    );
    expect(shown(outcome)).toMatch(/read (?:401|000)/);
    expect(shown(outcome)).toMatch(/push (?:401|000)/);
  });

  it('cannot reach what listens on the loopback of this machine', async () => {
    const outcome = await build(
      dockerfile(
        'FROM gantry/stack',
        `RUN curl -s -o /dev/null -w 'own %{http_code}\\n' --max-time 5 http://127.0.0.1:${rig.registry.port}/v2/; true`,
        'CMD ["x"]',
      ),
    );
    expect(shown(outcome)).toContain('own 000');
  });

  it('sees nothing of the config of its app [S-SEC-07]', async () => {
    const outcome = await build(
      dockerfile('FROM gantry/stack', 'RUN env; ls -a /run /run/secrets /env 2>&1; true', 'CMD ["x"]'),
      { env: { TOKEN: 'canary-1b2c' } },
    );
    expect(shown(outcome)).toContain('LANG=');
    expect(shown(outcome)).not.toContain('canary');
    expect(shown(outcome)).not.toContain('TOKEN');
  });
});

describe('the caches of two tenants', () => {
  const writes = (word: string): SourceEntry[] =>
    dockerfile(
      'FROM gantry/stack',
      `RUN --mount=type=cache,id=shared,target=/c cat /c/word 2>/dev/null; echo ${word} > /c/word`,
      'CMD ["x"]',
    );

  it('are two, whatever their Dockerfiles call them', async () => {
    await build(writes('poison'), { cacheKey: 'tenant-a' });
    const victim = await build(
      [
        {
          name: 'Dockerfile',
          content: `ARG BUILDKIT_CACHE_MOUNT_NS=tenant-a\n${writes('mine')[0]?.content ?? ''}`,
        },
      ],
      { cacheKey: 'tenant-b' },
    );
    expect(victim.image).not.toBeNull();
    expect(shown(victim)).not.toContain('       poison');
    const again = await build(writes('next'), { cacheKey: 'tenant-b' });
    expect(shown(again)).toContain('       mine');
  });

  it('are forgotten one by one', async () => {
    await build(writes('stays'), { cacheKey: 'tenant-c' });
    await build(writes('goes'), { cacheKey: 'tenant-d' });
    await callJson({ socket: rig.socket, method: 'PUT', path: '/caches/tenant-d' }, 20_000, signal);
    expect(shown(await build(writes('one'), { cacheKey: 'tenant-d' }))).not.toContain('       goes');
    expect(shown(await build(writes('two'), { cacheKey: 'tenant-c' }))).toContain('       stays');
  });

  it('do not lend one tenant what the config of another made of the same source', async () => {
    const source: SourceEntry[] = [
      {
        name: 'package.json',
        content: JSON.stringify({
          name: 'x',
          scripts: { build: 'echo made with $API_URL', start: 'node server.js' },
        }),
      },
      { name: 'server.js', content: '' },
    ];
    // Short enough to be shown.
    const mine = await build(source, { env: { API_URL: '//one' } });
    const other = await build(source, { env: { API_URL: '//two' } });
    expect(shown(mine)).toContain('made with //one');
    expect(shown(other)).toContain('made with //two');
  });
});

describe('the samples', () => {
  it('are what the digests in the registry say, and nothing else may be pulled with their token', async () => {
    const request = rig.request(await rig.archive(await sampleApp('dockerfile')));
    const { image } = await rig.build(request, signal);
    const ask = (repository: string, token: string): Promise<Response> =>
      fetch(`http://${rig.registry.address}/v2/${repository}/manifests/${image?.digest ?? ''}`, {
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/vnd.docker.distribution.manifest.v2+json',
        },
        signal,
      });
    const answer = await ask(request.target.repository, request.target.token);
    expect(
      `sha256:${createHash('sha256')
        .update(await answer.text())
        .digest('hex')}`,
    ).toBe(image?.digest);
    const stranger = rig.registry.tokens.pushToken('apps/stranger');
    expect((await ask(request.target.repository, stranger)).status).toBe(401);
  });
});
