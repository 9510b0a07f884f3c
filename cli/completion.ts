import type { CommandSpec } from './command.ts';
import { optionsOf } from './options.ts';

/** The shells whose completion there is. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** Asked for app names at each key: it must say nothing when it fails, and nothing else when it works. */
const APPS = 'command gantry completion apps 2>/dev/null';
const REMOTES = 'command git remote 2>/dev/null';

interface Flag {
  readonly short: string | undefined;
  readonly long: string;
  /** What its value is; undefined of one that takes none. */
  readonly value: string | undefined;
  readonly says: string;
}

type Commands = readonly CommandSpec[];

/** A program for the shell that completes these commands, their options and names of apps. */
export function completionFor(shell: Shell, commands: Commands): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
  }
}

function namesOf({ name, aliases = [] }: CommandSpec): readonly string[] {
  return [name, ...aliases];
}

function flagsOf(command: CommandSpec): readonly Flag[] {
  return optionsOf(command).map(({ flags, says }) => ({
    short: /^-(\w)\b/.exec(flags)?.[1],
    long: /--([\w-]+)/.exec(flags)?.[1] ?? '',
    value: /<([^<>]+)>/.exec(flags)?.[1],
    says,
  }));
}

/** What follows an option, or the command itself, as lines of text; undefined where only the user can know. */
function choicesFor(word: string): string | undefined {
  if (word === 'app' || word === 'confirm') return APPS;
  return word === 'remote' ? REMOTES : undefined;
}

/** Whether its argument is the name of an app. */
function takesApp({ onApp, args = '' }: CommandSpec): boolean {
  return (onApp === true && args === '[name]') || /^[<[]app\b/.test(args);
}

/** Whether its argument is the name of a shell. */
function takesShell({ args }: CommandSpec): boolean {
  return args === '<shell>';
}

const QUOTED = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function bash(commands: Commands): string {
  const cases = commands
    .filter(({ passThrough }) => !passThrough)
    .map((command) => {
      const flags = flagsOf(command).flatMap(({ short, long }) => [
        ...(short === undefined ? [] : [`-${short}`]),
        `--${long}`,
      ]);
      const argument = takesApp(command) ? ' argument=apps' : takesShell(command) ? ' argument=shells' : '';
      return `    ${namesOf(command).join(' | ')}) options=${QUOTED(flags.concat('--help').join(' '))}${argument} ;;`;
    });
  return `# Completion of gantry for bash. Made by: gantry completion bash
_gantry() {
  local line=\${COMP_LINE:0:COMP_POINT} commands options='' argument='' choices='' word before one
  local -a words all
  commands=${QUOTED(['help', ...commands.flatMap(namesOf)].join(' '))}
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  word=\${words[\${#words[@]} - 1]}
  before=\${words[\${#words[@]} - 2]}
  case \${words[1]} in
${cases.join('\n')}
    help) argument=commands ;;
  esac
  if ((\${#words[@]} == 2)); then
    choices=$commands
  else
    case $before in
      -a | --app | --confirm) choices=$(${APPS}) ;;
      -r | --remote) choices=$(${REMOTES}) ;;
      *)
        case $word:$argument in
          -*) choices=$options ;;
          *:apps) choices=$(${APPS}) ;;
          *:shells) choices='${SHELLS.join(' ')}' ;;
          *:commands) choices=$commands ;;
        esac
        ;;
    esac
  fi
  # Not compgen -W: that runs what names of others may hold.
  read -rd '' -a all <<<"$choices"
  COMPREPLY=()
  # Where a colon parts words, which is usual, only what follows the last one is put in.
  [[ $COMP_WORDBREAKS == *:* && $word == *:* ]] && before=\${word%"\${word##*:}"} || before=''
  for one in "\${all[@]}"; do
    [[ $one == "$word"* ]] && COMPREPLY+=("\${one#"$before"}")
  done
  return 0
}
complete -o default -F _gantry gantry
`;
}

function zsh(commands: Commands): string {
  const item = (name: string, says: string): string => QUOTED(`${name.replaceAll(':', '\\:')}:${says}`);
  const all = commands.flatMap((command) => namesOf(command).map((name) => item(name, command.summary)));
  const cases = commands
    .filter(({ passThrough }) => !passThrough)
    .map((command) => {
      const flags = flagsOf(command).map(({ long, says }) => item(`--${long}`, says));
      const argument = takesApp(command)
        ? ' apps=1'
        : takesShell(command)
          ? ` names=(${SHELLS.join(' ')})`
          : '';
      return `    (${namesOf(command).join('|')}) options=(${flags.concat(item('--help', 'show help')).join(' ')})${argument} ;;`;
    });
  return `#compdef gantry
# Completion of gantry for zsh. Made by: gantry completion zsh
_gantry() {
  local -a commands options names
  local apps=0
  commands=(
    ${['help:show help, of one command or of all'].map(QUOTED).concat(all).join('\n    ')}
  )
  if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then
    _describe -t commands 'command' commands
    return
  fi
  case $words[2] in
${cases.join('\n')}
  esac
  case $words[CURRENT-1] in
    (-a|--app|--confirm) apps=2 ;;
    (-r|--remote)
      names=(\${(f)"$(${REMOTES})"})
      _describe -t remotes 'git remote' names
      return ;;
  esac
  if compset -P '--(app|confirm)='; then apps=2; fi
  if [[ $words[CURRENT] == -* ]] && (( apps < 2 )); then
    _describe -o -t options 'option' options
  elif (( $#names )); then
    _describe -t shells 'shell' names
  elif (( apps )); then
    names=(\${(f)"$(${APPS})"})
    _describe -t apps 'app' names
  else
    _files
  fi
}
if [[ \${funcstack[1]} == _gantry ]]; then _gantry "$@"; else compdef _gantry gantry; fi
`;
}

function fish(commands: Commands): string {
  const lines = commands.flatMap((command) => {
    const names = namesOf(command);
    const inside = `-n ${QUOTED(`__fish_seen_subcommand_from ${names.join(' ')}`)}`;
    return [
      ...names.map(
        (name) =>
          `complete -c gantry -n __fish_use_subcommand -f -a ${QUOTED(name)} -d ${fishText(command.summary)}`,
      ),
      ...(takesApp(command) ? [`complete -c gantry ${inside} -f -a ${QUOTED(`(${APPS})`)}`] : []),
      ...(takesShell(command) ? [`complete -c gantry ${inside} -f -a ${QUOTED(SHELLS.join(' '))}`] : []),
      ...flagsOf(command).map(({ short, long, value, says }) => {
        const choices = choicesFor(long);
        return [
          `complete -c gantry ${inside}`,
          ...(short === undefined ? [] : [`-s ${short}`]),
          `-l ${long}`,
          ...(value === undefined ? [] : [choices === undefined ? '-r' : `-x -a ${QUOTED(`(${choices})`)}`]),
          `-d ${fishText(says)}`,
        ].join(' ');
      }),
    ];
  });
  const help = "complete -c gantry -n '__fish_seen_subcommand_from help' -f";
  return `# Completion of gantry for fish. Made by: gantry completion fish
complete -c gantry -s h -l help -d 'show help'
complete -c gantry -n __fish_use_subcommand -f -a help -d 'show help, of one command or of all'
${help} -a ${QUOTED(commands.flatMap(namesOf).join(' '))}
${lines.join('\n')}
`;
}

/** Inside single quotes fish knows a backslash and a quote as escapes. */
function fishText(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
