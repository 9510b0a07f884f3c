import type { CommandSpec, OptionSpec } from './command.ts';

/** Options that several commands share. */
const JSON_OPTION: OptionSpec = { flags: '-j, --json', says: 'print the result as JSON' };
const APP_OPTIONS: readonly OptionSpec[] = [
  { flags: '-a, --app <name>', says: 'the app; else GANTRY_APP, else the git remote' },
  { flags: '-r, --remote <name>', says: 'the git remote that names the app (default: gantry)' },
];
const WAIT_OPTION: OptionSpec = { flags: '--no-wait', says: 'do not wait until the change has taken effect' };

/** All options of a command, in the order of its help. */
export function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return [
    ...(command.options ?? []),
    ...(command.onApp ? APP_OPTIONS : []),
    ...(command.deploys ? [WAIT_OPTION] : []),
    ...(command.prints === null ? [] : [JSON_OPTION]),
  ];
}
