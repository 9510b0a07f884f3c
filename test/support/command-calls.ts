import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attach } from '../../cli/programs.ts';
import { runOrThrow } from '../../lib/child.ts';
import { totpCode, totpStep } from '../../server/domain/totp.ts';
import { issue } from './certificates.ts';
import { TIME } from './fake-app.ts';
import { createFakeTerminal } from './fake-terminal.ts';
import { sampleKey } from './sample-keys.ts';
import { patient } from './services-rig.ts';
import type { Circumstances, TestCli } from './test-cli.ts';

/** A call of a command that works: its arguments besides its name and `--app demo`, and what it needs around it. */
interface Wanted {
  readonly args?: readonly string[];
  readonly given?: Circumstances;
}

type Prepare = (cli: TestCli) => Promise<Wanted> | Wanted;

interface Answer {
  readonly id: string;
  readonly token: string;
}

const PASSWORD = 'wide river, three stones';
const EMAIL = 'new@example.com';
const OTHER = 'other@example.com';
const HOST = 'www.example.com';
const HOOK = ['-u', 'https://example.com/h', '-i', 'api:release', '-l', 'notify'];
const DEMO = ['-a', 'demo'];

async function call(cli: TestCli, words: readonly string[], given: Circumstances = {}): Promise<Answer> {
  const { code, out, err } = await cli.gantry([...words, '--json'], given);
  if (code !== 0) throw new Error(`gantry ${words.join(' ')}: ${err}`);
  return JSON.parse(out) as Answer;
}

/** Just these arguments. */
const args =
  (...words: readonly string[]): Prepare =>
  () => ({ args: words });

/** After another command about the app, with arguments made of its answer. */
const after =
  (first: readonly string[], then: (answer: Answer) => readonly string[] = () => []): Prepare =>
  async (cli) => ({ args: then(await call(cli, [...first, ...DEMO])) });

/** As `after`, for a command that is not about an app. */
const since =
  (first: readonly string[], then: (answer: Answer) => readonly string[] = () => []): Prepare =>
  async (cli) => ({ args: then(await call(cli, first)) });

const typed = (cli: TestCli, ...lines: readonly string[]): Circumstances => ({
  env: { GANTRY_API_URL: cli.door.url },
  input: lines.join('\n'),
});

const certificate = async (): Promise<Circumstances> => {
  const made = await issue({ names: [HOST], since: '20200101000000Z' });
  return { input: made.certificate + made.key };
};

const withCertificate =
  (...words: readonly string[]): Prepare =>
  async (cli) => {
    const given = await certificate();
    await call(cli, ['certs:add', ...DEMO], given);
    return { args: words, given };
  };

const invited = async (cli: TestCli): Promise<Circumstances> => {
  const { token } = await call(cli, ['users:add', EMAIL]);
  return typed(cli, token, PASSWORD);
};

/** Somebody who has logged in by password. */
const loggedIn = async (cli: TestCli): Promise<void> => {
  await call(cli, ['login:accept'], await invited(cli));
  await call(cli, ['login', '-i'], typed(cli, EMAIL, PASSWORD));
};

/** A second factor whose key is shown while the command runs, and answered with its code. */
const enabling = (cli: TestCli): Circumstances => {
  const terminal = createFakeTerminal('');
  const key = (): string => /^ {2}([A-Z2-7]{32})$/m.exec(terminal.err())?.[1] ?? '';
  const answers = [() => PASSWORD, () => totpCode(key(), totpStep(TIME))];
  const secret = (): Promise<string> => Promise.resolve(answers.shift()?.() ?? '');
  return { ...typed(cli), terminal: { ...terminal, secret } };
};

const site = async (cli: TestCli): Promise<string> => {
  const root = join(cli.home, 'site');
  await mkdir(root);
  await writeFile(join(root, 'index.html'), 'hello');
  return root;
};

const built: Prepare = async (cli) => {
  await call(cli, ['deploy', await site(cli), '--no-wait', ...DEMO]);
  return {};
};

/** Of a build that is over: the output of one that waits goes on. */
const spoken: Prepare = async (cli) => {
  await built(cli);
  await call(cli, ['builds:cancel', ...DEMO]);
  return {};
};

const shared = after(['access:add', OTHER], () => [OTHER]);
const team = since(['teams:create', 'acme'], () => ['acme']);
const OF_TEAM = ['-t', 'acme'];
const member =
  (...more: readonly string[]): Prepare =>
  async (cli) => {
    await call(cli, ['teams:create', 'acme']);
    await call(cli, ['members:add', OTHER, ...OF_TEAM]);
    return { args: [...more, ...OF_TEAM] };
  };
/** The app belongs to a team, and somebody else is in it. */
const ofTeam: Prepare = async (cli) => {
  await member()(cli);
  await call(cli, ['apps:transfer', 'acme', ...DEMO]);
  return {};
};
const asOther = (cli: TestCli): Circumstances => ({
  env: { GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: cli.door.world.otherToken },
});
const offered: Prepare = async (cli) => {
  await call(cli, ['apps:transfer', OTHER, ...DEMO]);
  return { args: ['demo'], given: asOther(cli) };
};
/** With an app downstream of demo. */
const promotable: Prepare = async (cli) => {
  cli.door.world.deployed('live');
  await call(cli, ['pipelines:create', 'shop', '-s', 'staging', ...DEMO]);
  await call(cli, ['pipelines:add', 'shop', '-s', 'production', '-a', 'live']);
  return {};
};
const inPipeline = (...words: readonly string[]): Prepare =>
  after(['pipelines:create', 'shop', '-s', 'staging'], () => words);

/** Answers the next command inside an instance as `ps:copy` has it. */
export function sendWhenAsked({ door: { world } }: TestCli, content: string): void {
  const timer = setInterval(() => {
    const [asked, process] = [world.runs.execs.at(-1), world.runs.processes.at(-1)];
    if (asked === undefined || process === undefined) return;
    clearInterval(timer);
    process.print(`${/[0-9a-f-]{36}/.exec(asked.argv.at(-1) ?? '')?.[0] ?? ''}\n${content}`);
    process.finish(0);
  }, 5);
}

const released = after(['config:set', 'A=1']);
const authorized = since(['authorizations:create'], ({ id }) => [id]);
const DRAIN = 'https://me:secret@logs.example.com/in';
const hooked = after(['webhooks:add', ...HOOK], ({ id }) => [id]);

/**
 * How each command is called so that it works, where its name and `--app demo` are not all. Whoever adds a command whose
 * arguments cannot be left out adds a line.
 */
export const CALLS: Readonly<Record<string, Prepare>> = {
  login: (cli) => ({ args: ['--url', cli.door.url], given: { env: {}, input: cli.door.world.adminToken } }),
  'login:accept': async (cli) => ({ given: await invited(cli) }),
  'account:password': async (cli) => {
    await loggedIn(cli);
    return { given: typed(cli, PASSWORD, 'another long one') };
  },
  'auth:2fa:enable': async (cli) => {
    await loggedIn(cli);
    return { given: enabling(cli) };
  },
  'auth:2fa:disable': async (cli) => {
    await loggedIn(cli);
    const { out } = await cli.gantry(['auth:2fa:enable'], enabling(cli));
    return { given: typed(cli, out.split('\n')[0] ?? '') };
  },
  'apps:create': args('fresh', '--no-remote'),
  'apps:setup': async (cli) => {
    const folder = await site(cli);
    await writeFile(join(folder, 'app.json'), '{}');
    return { args: [folder, '--no-wait'] };
  },
  'apps:diff': (cli) => {
    cli.door.world.deployed('other');
    return { args: ['demo', 'other'] };
  },
  'master-key:rotate': args('--no-wait'),
  'apps:rename': args('renamed'),
  'apps:destroy': args('--confirm', 'demo'),
  'access:add': args(OTHER, '-p', 'deploy'),
  'access:update': async (cli) => ({ args: [...((await shared(cli)).args ?? []), '-p', 'view'] }),
  'access:remove': shared,
  'apps:join': async (cli) => ({ ...(await ofTeam(cli)), given: asOther(cli) }),
  'apps:leave': async (cli) => ({ args: (await shared(cli)).args?.slice(1) ?? [], given: asOther(cli) }),
  'apps:lock': ofTeam,
  'apps:unlock': ofTeam,
  'apps:transfer': args(OTHER),
  'apps:transfers': async (cli) => ({ given: (await offered(cli)).given ?? {} }),
  'apps:transfers:accept': offered,
  'apps:transfers:decline': offered,
  'apps:transfers:cancel': async (cli) => ({ args: (await offered(cli)).args ?? [] }),
  teams: since(['teams:create', 'acme']),
  'teams:create': args('acme'),
  'teams:info': team,
  'teams:rename': since(['teams:create', 'acme'], () => ['acme', 'fresh']),
  'teams:destroy': since(['teams:create', 'acme'], () => ['acme', '--confirm', 'acme']),
  members: member(),
  'members:add': since(['teams:create', 'acme'], () => [OTHER, ...OF_TEAM]),
  'members:set': member(OTHER, '-r', 'viewer'),
  'members:remove': member(OTHER),
  'authorizations:info': authorized,
  'authorizations:rotate': authorized,
  'authorizations:revoke': authorized,
  'authorizations:update': since(['authorizations:create'], ({ id }) => [id, '-d', 'other']),
  'sessions:destroy': async (cli) => {
    await loggedIn(cli);
    const [session] = (await call(cli, ['sessions'], typed(cli))) as unknown as Answer[];
    return { args: [session?.id ?? ''], given: typed(cli) };
  },
  'config:get': args('LANG'),
  'config:edit': () => ({
    given: { attach: (_editor, [file = '']) => appendFile(file, 'A=1\n').then(() => 0) },
  }),
  'config:set': args('A=1'),
  'config:unset': args('LANG'),
  deploy: async (cli) => ({ args: [await site(cli), '--no-wait'] }),
  builds: built,
  'builds:info': built,
  'builds:output': spoken,
  'builds:cancel': built,
  'stacks:set': args('gantry'),
  'git:remote': async (cli) => {
    await runOrThrow('git', ['-C', cli.home, 'init', '-q'], {}, patient);
    return {};
  },
  'git:clone': () => ({ args: ['demo'], given: { attach: () => Promise.resolve(0) } }),
  'keys:add': async (cli) => {
    await writeFile(join(cli.home, 'k.pub'), `${sampleKey('k')}\n`);
    return { args: ['k.pub'] };
  },
  'keys:remove': async (cli) => {
    await writeFile(join(cli.home, 'k.pub'), `${sampleKey('k')}\n`);
    await call(cli, ['keys:add', 'k.pub']);
    return { args: ['me@laptop'] };
  },
  logs: (cli) => {
    const line = { at: TIME, source: 'app' as const, instance: 'web.1', text: 'one' };
    cli.door.world.apps.get('demo')?.lines.push(line, { ...line, text: 'two' });
    return {};
  },
  events: async (cli) => {
    const appId = cli.door.world.apps.get('demo')?.app.id ?? '';
    const about = { kind: 'release', action: 'create' as const, appId, subject: 's' };
    const { happenings, services } = cli.door.world;
    const notes = [1, 2, 3].map((version) => ({ ...about, before: null, after: { version } }));
    await happenings.note(notes, patient);
    await services.happenings.publish(patient);
    happenings.forget(1);
    return { args: ['--after', '0', '-n', '3'] };
  },
  'buildpacks:set': args('heroku/nodejs'),
  'buildpacks:add': args('heroku/nodejs'),
  'buildpacks:remove': after(['buildpacks:add', 'heroku/nodejs'], () => ['heroku/nodejs']),
  'buildpacks:info': args('heroku/nodejs'),
  'buildpacks:versions': args('heroku/nodejs'),
  'features:info': args('preboot'),
  'features:enable': args('preboot'),
  'features:disable': args('runtime-dyno-metadata'),
  'releases:diff': released,
  rollback: released,
  'releases:retry': released,
  'run:detached': () => ({ args: ['--json', '--', 'true'] }),
  'ps:stop': args('web.1'),
  'ps:copy': (cli) => {
    sendWhenAsked(cli, 'what is in it');
    return { args: ['a.txt'] };
  },
  'users:add': args(EMAIL),
  'users:invite': since(['users:add', EMAIL], () => [EMAIL]),
  'users:admin': args(OTHER),
  'users:remove': args(OTHER, '--confirm', OTHER),
  'domains:add': args(HOST),
  'domains:info': after(['domains:add', HOST], () => [HOST]),
  'domains:update': after(['domains:add', HOST], () => [HOST, '--no-cert']),
  'domains:remove': after(['domains:add', HOST], () => [HOST]),
  'domains:clear': after(['domains:add', HOST], () => ['--confirm', 'demo']),
  certs: withCertificate(),
  'certs:add': async () => ({ given: await certificate() }),
  'certs:info': withCertificate(),
  'certs:update': withCertificate('--confirm', 'demo'),
  'certs:remove': withCertificate('--confirm', 'demo'),
  'certs:generate': () => ({ args: [HOST], given: { attach } }),
  'certs:auto:disable': args('--confirm', 'demo'),
  'pipelines:create': args('shop', '-s', 'staging'),
  'pipelines:add': async (cli) => {
    cli.door.world.deployed('live');
    await call(cli, ['pipelines:create', 'shop', '-s', 'production', '-a', 'live']);
    return { args: ['shop', '-s', 'staging'] };
  },
  'pipelines:info': inPipeline('shop'),
  'pipelines:update': inPipeline('-s', 'development'),
  'pipelines:remove': inPipeline(),
  'pipelines:rename': inPipeline('shop', 'store'),
  'pipelines:destroy': inPipeline('shop', '--confirm', 'shop'),
  'pipelines:transfer': inPipeline(OTHER, '-p', 'shop', '--confirm', 'shop'),
  'pipelines:diff': promotable,
  'pipelines:promote': async (cli) => ({ ...(await promotable(cli)), args: ['--no-wait'] }),
  'drains:add': args(DRAIN),
  'drains:remove': after(['drains:add', DRAIN], ({ token }) => [token]),
  'webhooks:add': args(...HOOK),
  'webhooks:info': hooked,
  'webhooks:update': after(['webhooks:add', ...HOOK], ({ id }) => [id, '-l', 'sync']),
  'webhooks:remove': hooked,
};
