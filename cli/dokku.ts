import { CATALOGUE } from './catalogue.ts';
import type { CommandSpec } from './command.ts';
import { APP_NAME, namesApp, splitOwn, type Split } from './pass-through.ts';

const COMMANDS = CATALOGUE.flatMap(({ commands }) => commands);

/** Dokku's names for what has another name here, maybe with an option, and means the same. */
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
  'run:list': 'ps run',
  'ssh-keys:add': 'keys:add',
  'ssh-keys:list': 'keys',
  'ssh-keys:remove': 'keys:remove',
  url: 'apps:urls --own',
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
  const [name = '', ...more] = (SAME[said] ?? said).split(' ');
  const spec = COMMANDS.find((one) => one.name === name || one.aliases?.includes(name));
  if (spec === undefined) return [said, ...args];
  if (spec.onApp === undefined) return [name, ...args];
  if (spec.passThrough) return passingThrough(spec, { said, args, app });
  const at = app === undefined ? appAt(spec, args) : -1;
  const meant = app ?? args[at];
  const own = [...args.filter((_, index) => index !== at), ...more];
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

/**
 * Where the app is said as the first argument, after options (`config:set --no-restart hello A=b`): of those that are not
 * known here it is told later that they are not. Not to be found where an option named it, or no argument looks like one.
 */
function appAt(spec: CommandSpec, args: readonly string[]): number {
  if (args.some((word) => /^(?:-a.*|--app(?:=.*)?)$/.test(word))) return -1;
  let at = 0;
  for (let seen = -1; seen < at;) {
    seen = at;
    at += splitOwn(spec, args.slice(at)).own.length;
    if (/^-./.test(args[at] ?? '') && args[at] !== '--') at += 1;
  }
  return APP_NAME.test(args[at] ?? '') ? at : -1;
}
