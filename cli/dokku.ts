import { CATALOGUE } from './catalogue.ts';
import type { CommandSpec } from './command.ts';

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

const APP = /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/;

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
  if (spec?.onApp === undefined) return spec === undefined ? [said, ...args] : [name, ...args];
  const first = app === undefined ? positional(args) : undefined;
  const meant = app ?? first;
  const own = first === undefined ? args : args.slice(1);
  if (meant === undefined) return [name, ...own];
  return [name, ...sure(spec, own, { app: meant, force }), '--app', meant];
}

/** For a command that asks for the name again, `--force` is to have said it. */
function sure(
  { options = [] }: CommandSpec,
  args: readonly string[],
  { app, force }: { readonly app: string; readonly force: boolean },
): readonly string[] {
  if (!options.some(({ flags }) => flags.startsWith('--confirm'))) return args;
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
  return named || first === undefined || !APP.test(first) ? undefined : first;
}
