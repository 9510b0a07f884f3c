import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeTerminal } from '../../test/support/fake-terminal.ts';
import { patient } from '../../test/support/services-rig.ts';
import { openTestCli, type TestCli } from '../../test/support/test-cli.ts';

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const WAIT = { timeout: 8_000, interval: 10 };

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

async function happens(...versions: readonly number[]): Promise<void> {
  const { apps, happenings, services } = cli.door.world;
  const appId = apps.get('demo')?.app.id ?? '';
  const about = { kind: 'release', action: 'create' as const, appId, subject: 's', before: null };
  await happenings.note(
    versions.map((version) => ({
      ...about,
      after: { version, id: 'x', createdAt: 'y', digest: 'z', config: '[redacted]' },
    })),
    patient,
  );
  await services.happenings.publish(patient);
}

describe('events', () => {
  it('are told from a place on, and no more than asked for', async () => {
    await happens(1, 2, 3);
    const { code, out } = await cli.gantry(['events', '--after', '1', '-n', '2', '-a', 'demo']);
    expect({ code, out }).toEqual({
      code: 0,
      out: '2026-11-21T10:00:00Z demo release create version=2\n2026-11-21T10:00:00Z demo release create version=3\n',
    });
    const json = (await cli.gantry(['events', '--after', '2', '-n', '1', '--json'])).out;
    expect(JSON.parse(json)).toMatchObject({ id: 3, kind: 'release', after: { version: 3 } });
  });

  it('are also the lines of an app and what it takes, when they are asked for', async () => {
    const terminal = createFakeTerminal('');
    const following = cli.gantry(['events', '-a', 'demo', '-k', 'metric,log', '-n', '2'], { terminal });
    await expect.poll(() => terminal.out(), WAIT).toContain('metric');
    cli.door.world.apps
      .get('demo')
      ?.lines.push({ at: new Date('2026-11-21T10:00:05Z'), source: 'app', instance: 'web.1', text: 'hello' });
    expect((await following).code).toBe(0);
    expect(terminal.out()).toMatch(
      /^2026-11-21T10:00:00Z demo metric requests=0 in 0 s dropped=0 sessions=0 web\.1=64\.0 MB of 512 MB, 1\.5 s of processor/,
    );
    expect(terminal.out()).toMatch(/\n2026-11-21T10:00:05Z demo log app\[web\.1\]: hello\n$/);
  });

  it('say where visitors are led', async () => {
    const { apps, happenings, services } = cli.door.world;
    const appId = apps.get('demo')?.app.id ?? '';
    const led = {
      hosts: ['a.test', 'b.test'],
      instances: ['web.1', 'web.2'],
      release: 4,
      maintenance: false,
    };
    const nowhere = { ...led, release: null, instances: [] };
    const about = { kind: 'route', action: 'update', appId, subject: appId } as const;
    await happenings.note(
      [
        { ...about, before: led, after: nowhere },
        { ...about, before: nowhere, after: led },
      ],
      patient,
    );
    await services.happenings.publish(patient);
    expect((await cli.gantry(['events', '--after', '0', '-n', '2'])).out).toBe(
      '2026-11-21T10:00:00Z demo route update maintenance=false instances=none hosts=a.test,b.test\n' +
        '2026-11-21T10:00:00Z demo route update release=4 maintenance=false instances=web.1,web.2 hosts=a.test,b.test\n',
    );
  });

  it('that are lost are said to be', async () => {
    await happens(1, 2, 3);
    cli.door.world.happenings.forget(2);
    const { err } = await cli.gantry(['events', '--after', '0', '-n', '2']);
    expect(err).toBe('What happened between 0 and 2 is not known any more.\n');
  });

  it('are followed until that is interrupted', async () => {
    const stop = new AbortController();
    const terminal = createFakeTerminal('');
    const following = cli.gantry(['events', '--tail', '-k', 'release'], { signal: stop.signal, terminal });
    const again = setInterval(() => void happens(7), 20);
    await expect.poll(() => terminal.out(), WAIT).toContain('version=7');
    clearInterval(again);
    stop.abort(new Error('interrupted'));
    expect((await following).code).toBe(130);
  });

  it.each([
    [['--after', 'x'], 2, /--after must be the place/],
    [['-n', '0'], 2, /--num must be a number/],
    [['-a', 'nope'], 1, /Couldn't find that app/],
    [['-k', 'releases'], 1, /must be some of these, with commas between them: app, .*release/],
  ])('%j is told in a sentence', async (args, code, says) => {
    expect(await cli.gantry(['events', ...args])).toMatchObject({ code, out: '', err: matching(says) });
  });
});

describe('events over a connection that breaks', () => {
  let server: Server;
  /** What each connection was asked with, and is answered. */
  const asked: (string | undefined)[] = [];
  const answers: string[] = [];
  beforeEach(async () => {
    asked.length = 0;
    server = createServer((req, res) => {
      asked.push(req.headers['last-event-id'] as string | undefined);
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(answers.shift() ?? '');
      // As when a machine loses its power: no end, no word.
      setTimeout(() => res.destroy(), 20);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => void server.close());

  const told = (id: number): string => {
    const data = {
      ...{ id, at: '2026-11-21T10:00:00Z', kind: 'build', action: 'create', app: { id: 'a', name: 'demo' } },
      ...{ subject: 's', actor: null, before: null, after: null },
    };
    return `id: ${id}\nevent: build\ndata: ${JSON.stringify(data)}\n\n`;
  };
  const follow = (count: string) => {
    const { port } = server.address() as AddressInfo;
    const env = { GANTRY_API_URL: `http://127.0.0.1:${port}`, GANTRY_API_KEY: 'x' };
    return cli.gantry(['events', '-n', count, '--json'], { env });
  };

  it('go on after the last one, and also where none had come yet', async () => {
    answers.push('retry: 1\nid: 4\n\n', `id: 4\n\n${told(5)}${told(6)}id: 7\ndata: {"half`, told(7));
    const { code, out } = await follow('3');
    expect(code).toBe(0);
    expect(out.match(/"id":\d+/g)).toEqual(['"id":5', '"id":6', '"id":7']);
    expect(asked).toEqual([undefined, '4', '6']);
  });

  it('are given up at once when nobody ever answered', async () => {
    await new Promise((resolve) => server.close(resolve));
    const env = { GANTRY_API_URL: 'http://127.0.0.1:1', GANTRY_API_KEY: 'x' };
    expect(await cli.gantry(['events'], { env })).toMatchObject({ code: 1, err: matching(/Start it with/) });
  });
});

describe('the platform', () => {
  it('says that it answers, and to whom', async () => {
    const { out } = await cli.gantry(['status']);
    expect(out).toMatch(
      /^Server +http:\S+\nAnswers +in \d+ ms\nYou +admin@example\.com\nApps +no known issues\n/,
    );
  });

  it('tells of its machines to its administrators only', async () => {
    expect((await cli.gantry(['hosts'])).out).toMatch(
      /^=== local\nMachine +machine, linux x64\nEngine +up\nInstances +3\nProcessors +2, load 0\.50\nMemory +4\.0 GB free of 8\.0 GB\nDisk +50\.0 GB free of 100 GB\nUp since +2026\/11\/20 .* \(~ 1d ago\)\n$/,
    );
    const env = { GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: cli.door.world.otherToken };
    expect(await cli.gantry(['hosts'], { env })).toMatchObject({ code: 1, out: '' });
  });

  it('has one region and one size', async () => {
    expect((await cli.gantry(['regions'])).out).toMatch(/^local +This machine +self-hosted$/m);
    expect((await cli.gantry(['ps:sizes'])).out).toMatch(/^small +\d+ MB +\d/m);
  });
});

describe('sizes of instances', () => {
  it('are shown and chosen, for one type or all', async () => {
    expect((await cli.gantry(['ps:type', '-a', 'demo'])).out).toMatch(/^web +small +1 +\d+ MB/m);
    for (const change of ['web=small', 'small'])
      expect(await cli.gantry(['ps:type', change, '-a', 'demo'])).toMatchObject({ code: 0 });
    expect(await cli.gantry(['ps:type', 'standard-1x', '-a', 'demo'])).toMatchObject({
      code: 1,
      err: matching(/must be small, the only one here/),
    });
    expect(await cli.gantry(['ps:type', 'web=', '-a', 'demo'])).toMatchObject({ code: 2 });
  });
});

describe('waiting for instances', () => {
  it('ends when all are up, and fails when one crashes', async () => {
    expect((await cli.gantry(['ps:wait', '-a', 'demo'])).err).toContain('All that is wanted of demo is up.');
    expect(await cli.gantry(['ps:wait', '-t', 'nope', '-a', 'demo'])).toMatchObject({
      code: 2,
      err: matching(/no process type nope; it has web, worker/),
    });
    const demo = cli.door.world.apps.get('demo');
    for (const one of demo?.instances ?? []) Object.assign(one, { state: 'crashed' });
    expect(await cli.gantry(['ps:wait', '-a', 'demo'])).toMatchObject({
      code: 1,
      err: matching(/web\.1 crashed/),
    });
  });
});

describe('help', () => {
  const same = async (...args: string[]) => {
    const wanted = await cli.gantry(['domains:add', '--help']);
    expect(await cli.gantry(args)).toEqual(wanted);
    expect(wanted.out).toContain('Usage: gantry domains:add <hostname>');
  };

  it('on a command is the same in every way it is asked for', async () => {
    await same('help', 'domains:add');
    await same('help', 'domains', 'add');
    await same('domains:add', '-h');
  });

  it('on a topic shows its commands, also where it has none of its own name', async () => {
    expect((await cli.gantry(['help', 'domains'])).out).toMatch(/See also:\n {2}domains:add /);
    for (const args of [['help', 'git'], ['git']])
      expect(await cli.gantry(args)).toMatchObject({
        code: 0,
        out: matching(/^Commands of git:\n {2}git:remote +point a git remote/),
      });
    expect((await cli.gantry(['help', '2fa'])).out).toContain('Usage: gantry auth:2fa');
  });

  it('on what is not there says what may have been meant', async () => {
    expect(await cli.gantry(['help', 'domain'])).toMatchObject({
      code: 2,
      err: matching(/Did you mean domains\?/),
    });
    expect(await cli.gantry(['domains:ad'])).toMatchObject({
      code: 2,
      err: matching(/Did you mean domains:add\?/),
    });
    expect(await cli.gantry(['domains:frobnicate'])).toMatchObject({
      code: 2,
      err: matching(/All commands of domains: gantry help domains/),
    });
    expect(await cli.gantry(['domains', '--cvs'])).toMatchObject({
      code: 2,
      err: matching(/Did you mean --csv\?/),
    });
  });
});
