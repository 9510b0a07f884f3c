import type { CommandSpec } from './command.ts';
import { optionsOf } from './options.ts';

/** What a name of an app looks like. */
export const APP_NAME = /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/;

const NAMES_APP = /^(?:-[ar].*|--(?:app|remote)(?:=.*)?)$/;

/** The words of a command in which another program is called: its own options, and what it runs. */
export interface Split {
  readonly own: readonly string[];
  readonly rest: readonly string[];
}

/** Own options come first, each with its value; what follows is the other program's. */
export function splitOwn(spec: CommandSpec, args: readonly string[]): Split {
  const valued = new Map<string, boolean>();
  for (const { flags } of optionsOf(spec))
    for (const flag of flags.match(/(?<![\w-])-{1,2}[\w-]+/g) ?? []) valued.set(flag, flags.includes('<'));
  let at = 0;
  for (; at < args.length; at += 1) {
    const word = args[at] ?? '';
    const takes = valued.get(word);
    const joined =
      valued.has(word.split('=', 1)[0] ?? '') || (/^-\w./.test(word) && valued.has(word.slice(0, 2)));
    if (takes === true) at += 1;
    else if (takes === undefined && !joined) break;
  }
  return { own: args.slice(0, at), rest: args.slice(at) };
}

/** Whether these options say which app is meant. */
export function namesApp(own: readonly string[]): boolean {
  return own.some((word) => NAMES_APP.test(word));
}

/**
 * `run bash -a hello` is `run -a hello bash`, as with heroku: who writes the app last means the app, and must not have the
 * command run on another. Whatever follows `--`, or an app that was named before, is the command's.
 */
export function appFirst(spec: CommandSpec, args: readonly string[]): readonly string[] {
  const { own, rest } = splitOwn(spec, args);
  if (spec.onApp === undefined || namesApp(own) || rest.includes('--')) return args;
  const [last = ''] = rest.slice(-1);
  const [before = ''] = rest.slice(-2);
  if (rest.length > 1 && last.startsWith('--app=')) return [...own, last, ...rest.slice(0, -1)];
  if (rest.length < 3 || !['-a', '--app'].includes(before) || !APP_NAME.test(last)) return args;
  return [...own, '--app', last, ...rest.slice(0, -2)];
}
