import { CATALOGUE } from './catalogue.ts';
import type { CommandSpec } from './command.ts';
import { APP_NAME, namesApp, splitOwn, type Split } from './pass-through.ts';

const COMMANDS = CATALOGUE.flatMap(({ commands }) => commands);

/** Dokku's names for what has another name here, and means the same. */
const SAME: Readonly<Record<string, string>> = {
  'apps:report': 'apps:info',
  'buildpacks:list': 'buildpacks',
  'buildpacks:report': 'buildpacks',
  'certs:report': 'certs',
  'config:show': 'config',
  'domains:report': 'domains',
  enter: 'ps:exec',
  'maintenance:disable': 'maintenance:off',
  'maintenance:enable': 'maintenance:on',
  'maintenance:report': 'maintenance',
  'ps:report': 'ps',
  'ssh-keys:add': 'keys:add',
  'ssh-keys:list': 'keys',
  'ssh-keys:remove': 'keys:remove',
};

/** As `run:detached`. */
const DETACH = '--detach';
/** What Dokku's `run` knows and does not need to be told here. */
const UNSAID: ReadonlySet<string> = new Set([DETACH, '--force-tty', '--tty', '--rm', '--rm-container']);

/**
 * A call as Dokku's clients make it, in our words: `--app hello config:set A=b` and `config:set hello A=b` are both
 * `config:set A=b --app hello`. `--force` answers the question for the app's name; `--quiet` and `--trace` say nothing here.
 */
export function fromDokku(words: readonly string[]): string[] {
  const { app, force, rest } = globalOptions(words);
  const [said, ...args] = rest;
  if (said === undefined) return [];
  // Dokku names a key when it is added; here it has its comment.
  if (said === 'ssh-keys:add') return ['keys:add'];
  const name = SAME[said] ?? said;
  const spec = COMMANDS.find((one) => one.name === name || one.aliases?.includes(name));
  if (spec === undefined) return [said, ...args];
  if (spec.onApp === undefined) return [name, ...args];
  if (spec.passThrough) return passingThrough(spec, { said, args, app });
  const first = app === undefined ? positional(args) : undefined;
  const meant = app ?? first;
  const own = first === undefined ? args : args.slice(1);
  if (meant === undefined) return [name, ...own];
  return [name, ...sure(spec, own, { app: meant, force }), '--app', meant];
}

/**
 * A command in which another program is called: the app comes before that, because all that follows is the program's.
 * Of `enter hello web ls` the third word says where: `web` is `web.1`.
 */
function passingThrough(
  spec: CommandSpec,
  {
    said,
    args,
    app,
  }: { readonly said: string; readonly args: readonly string[]; readonly app: string | undefined },
): string[] {
  const { own, rest } = leading(spec, args);
  const detached = args.slice(0, args.length - rest.length).includes(DETACH);
  const isFirst = app === undefined && !namesApp(own) && APP_NAME.test(rest[0] ?? '');
  const meant = isFirst ? rest[0] : app;
  const words = rest.slice(isFirst ? 1 : 0);
  return [
    detached ? 'run:detached' : spec.name,
    ...own,
    ...(meant === undefined ? [] : ['--app', meant]),
    ...(said === 'enter' ? entering(words) : words),
  ];
}

function entering([where, ...words]: readonly string[]): readonly string[] {
  if (where === undefined) return [];
  return ['--dyno', where.includes('.') ? where : `${where}.1`, ...words];
}

/** The options before the program, without those that say nothing here. */
function leading(spec: CommandSpec, args: readonly string[]): Split {
  const { own, rest } = splitOwn(spec, args);
  if (!UNSAID.has(rest[0] ?? '')) return { own, rest };
  const more = leading(spec, rest.slice(1));
  return { own: [...own, ...more.own], rest: more.rest };
}

/** For a command that asks for the name again, `--force` is to have said it. */
function sure(
  { options = [], onApp }: CommandSpec,
  args: readonly string[],
  { app, force }: { readonly app: string; readonly force: boolean },
): readonly string[] {
  const asks = (flags: string): boolean =>
    flags.startsWith('--confirm') || (onApp === true && flags.includes('--confirm'));
  if (!options.some(({ flags }) => asks(flags))) return args;
  const own = args.filter((word) => word !== '--force');
  return force || own.length < args.length ? [...own, '--confirm', app] : own;
}

/** What stands before the command. */
function globalOptions(words: readonly string[]): {
  readonly app: string | undefined;
  readonly force: boolean;
  readonly rest: readonly string[];
} {
  let app: string | undefined;
  let force = false;
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--app') app = words[(at += 1)];
    else if (word.startsWith('--app=')) app = word.slice('--app='.length);
    else if (word === '--force') force = true;
    else if (word !== '--quiet' && word !== '--trace') break;
  }
  return { app, force, rest: words.slice(at) };
}

/** The app as the first argument, unless it was named by an option. */
function positional(args: readonly string[]): string | undefined {
  const named = args.some((word) => /^(?:-a.*|--app(?:=.*)?)$/.test(word));
  const [first] = args;
  return named || first === undefined || !APP_NAME.test(first) ? undefined : first;
}
