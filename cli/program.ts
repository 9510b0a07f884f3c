import { Command, CommanderError, Option } from 'commander';
import { CATALOGUE } from './catalogue.ts';
import { optionsOf } from './options.ts';
import { appFirst, splitOwn } from './pass-through.ts';
import type { CommandSpec, OptionSpec, TopicSpec } from './command.ts';
import { CommandError, EXIT, UsageError } from './failures.ts';
import { insteadOf } from './not-here.ts';
import type { System } from './system.ts';
import { find, HELP, helpAsOption, topicOf, topicPage } from './topic-help.ts';
import { VERSION } from './version.ts';
import { wrapped, wrappedPairs } from './wrap.ts';

const FOOTER = `
First steps: gantry apps:create hello, git push gantry main, gantry open.
Exit codes: 0 done, 1 failed, 2 called in a way it cannot be, 130 interrupted.
On the server itself, gantry doctor explains the state of every part.
Help on one command: gantry help ps:scale, or gantry ps:scale --help.`;

/** What is known of a call before it runs. */
interface Heard {
  /** What is wrong with its words, line by line. */
  readonly mistakes: string[];
  /** Whether a failure is to be told as JSON. */
  json: boolean;
}

/**
 * Runs the command line once and answers its exit code. Errors have been told when it does; nothing is thrown
 * for what a user can meet.
 */
export async function runCli(
  argv: readonly string[],
  system: System,
  catalogue: readonly TopicSpec[] = CATALOGUE,
): Promise<number> {
  const asked = helpAsOption(argv, catalogue);
  const called = asMeant(plainMistake(asked ?? argv.slice(1), catalogue), catalogue);
  if (showsTopic(called, system, catalogue)) return EXIT.ok;
  const heard: Heard = { mistakes: [], json: asksJson(called, catalogue) };
  const program = build(system, only(called, catalogue), heard);
  try {
    await program.parseAsync(called.length === 0 ? ['help'] : [...called], { from: 'user' });
    return EXIT.ok;
  } catch (err) {
    if (err instanceof CommanderError && err.exitCode === 0) return EXIT.ok;
    if (!(err instanceof CommanderError)) return await fail(err, system, heard);
    const wrong = wrongWith(called, heard, catalogue);
    if (heard.json) return await fail(new UsageError(wrong.join(' ').replace(/^Error: /, '')), system, heard);
    for (const line of wrong) system.terminal.note(line);
    return EXIT.usage;
  } finally {
    system.terminal.rest();
  }
}

async function fail(err: unknown, system: System, { json }: Heard): Promise<number> {
  // Loaded only now: the errors of the client bring the client with them.
  const { tell } = await import('./tell.ts');
  return tell(err, system, { json });
}

/** Help on a command that is not there is a mistake, and not to be answered with the help on all of them. */
function plainMistake(argv: readonly string[], catalogue: readonly TopicSpec[]): readonly string[] {
  const [name = ''] = argv;
  const known = ['', 'help'].includes(name) || name.startsWith('-') || find(name, catalogue) !== undefined;
  return known ? argv : argv.filter((word) => !HELP.includes(word));
}

/** With the app where this command looks for it. */
function asMeant(argv: readonly string[], catalogue: readonly TopicSpec[]): readonly string[] {
  const [name = '', ...args] = argv;
  const spec = find(name, catalogue);
  return spec?.passThrough ? [name, ...appFirst(spec, args)] : argv;
}

/** Shows the commands of a topic that is no command itself: `gantry git`, `gantry help git`. */
function showsTopic(
  [name = '']: readonly string[],
  { terminal }: System,
  catalogue: readonly TopicSpec[],
): boolean {
  if (name === '' || find(name, catalogue) !== undefined) return false;
  const page = topicPage(name, catalogue, terminal.columns);
  for (const line of page ?? []) terminal.print(line);
  return page !== undefined;
}

/** Whether it says --json, which holds for a failure too, before it is known what is wrong with the other words. */
function asksJson([name = '', ...args]: readonly string[], catalogue: readonly TopicSpec[]): boolean {
  const spec = find(name, catalogue);
  const own = spec?.passThrough ? splitOwn(spec, args).own : args;
  const end = own.indexOf('--');
  return own.slice(0, end < 0 ? own.length : end).some((word) => word === '--json' || word === '-j');
}

/** What is wrong; who is told what there is instead is not to be sent to a command that only sounds like it. */
function wrongWith(argv: readonly string[], { mistakes }: Heard, catalogue: readonly TopicSpec[]) {
  const hints = hint(argv, catalogue);
  const guess = hints.some((line) => line.startsWith('(Of ')) ? /^\(Did you mean / : /^$/;
  return [...mistakes.filter((line) => !guess.test(line)), ...hints];
}

/** What may have been meant, after what was called could not be. */
function hint(argv: readonly string[], catalogue: readonly TopicSpec[]): readonly string[] {
  const [name = ''] = argv;
  const meant = joined(argv, catalogue);
  const unknown = find(name, catalogue) === undefined;
  const topic = unknown ? topicOf(name, catalogue) : undefined;
  const instead = unknown ? insteadOf(name) : undefined;
  if (instead !== undefined) {
    const whose = instead.of === 'gantry' ? '' : `Of ${instead.of}, not of gantry: `;
    return [`(${whose}${instead.instead}.)`];
  }
  if (meant !== undefined) return [`(Did you mean gantry ${meant}?)`];
  return topic === undefined ? [] : [`(All commands of ${topic}: gantry help ${topic})`];
}

/**
 * The one command that is called, where that is plain: a program of all commands takes longer to make than most of them
 * to run. Help and mistakes need them all.
 */
function only([first]: readonly string[], catalogue: readonly TopicSpec[]): readonly TopicSpec[] {
  const called = find(first ?? '', catalogue);
  return called === undefined ? catalogue : [{ title: '', commands: [called] }];
}

/** `config set` is `config:set` to many a tool, and a command with too many arguments to this one. */
function joined([topic, verb]: readonly string[], catalogue: readonly TopicSpec[]): string | undefined {
  const name = `${topic ?? ''}:${verb ?? ''}`;
  return find(name, catalogue) === undefined ? undefined : name;
}

function build(system: System, catalogue: readonly TopicSpec[], heard: Heard): Command {
  const { terminal } = system;
  const program = new Command('gantry')
    .description('Run your apps on your own machines: git push gantry main makes them live.')
    .version(VERSION, '-V, --version', 'show the version of this command')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help, of one command or of all')
    .addHelpText('after', FOOTER)
    .exitOverride()
    .enablePositionalOptions()
    .configureHelp({
      // Its own way leaves it to narrow screens to break words.
      formatItem: (term, width, text) =>
        wrappedPairs([[term.padEnd(width), text]], helpWidth(system))
          .map((line) => line.trimEnd())
          .join('\n'),
      // Only what is needed to call it; aliases and options are in the command's own help.
      subcommandTerm: (command) => [command.name(), argumentsOf(command)].join(' ').trimEnd(),
      commandUsage: (command) =>
        command.parent === null
          ? 'gantry <command> [options]'
          : `gantry ${[command.name(), argumentsOf(command), '[options]'].filter((word) => word !== '').join(' ')}`,
    })
    .configureOutput({
      writeOut: (text) => terminal.raw(text),
      writeErr: (text) =>
        text
          .trimEnd()
          .split('\n')
          .forEach((line) => terminal.note(line)),
      outputError: (text) =>
        heard.mistakes.push(
          ...text
            .trimEnd()
            .replace(/^error: /, 'Error: ')
            .split('\n'),
        ),
      getOutHelpWidth: () => helpWidth(system),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  for (const topic of catalogue) {
    for (const spec of topic.commands)
      program.addCommand(commandOf(spec, system, { program, heard }).helpGroup(`${topic.title}:`));
  }
  return program;
}

function commandOf(
  spec: CommandSpec,
  system: System,
  { program, heard }: { readonly program: Command; readonly heard: Heard },
): Command {
  const command = new Command(spec.name)
    .copyInheritedSettings(program)
    .summary(spec.summary)
    .description(sentence(spec))
    .aliases([...(spec.aliases ?? [])])
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', () => afterHelp(spec, helpWidth(system)));
  if (spec.args !== undefined) command.arguments(spec.args);
  for (const option of optionsOf(spec)) command.addOption(asOption(option));
  if (spec.passThrough) command.passThroughOptions().allowUnknownOption();
  return command.action(async () => {
    heard.json ||= command.opts()['json'] === true;
    if (spec.local && !system.local) {
      throw new CommandError(`gantry ${spec.name} works on your own machine only; run it there.`);
    }
    const [{ run }, { openContext }] = await Promise.all([spec.load(), import('./context.ts')]);
    if (!spec.passThrough) refuseEmpty(command);
    const commands = CATALOGUE.flatMap((topic) => topic.commands);
    await run(openContext(command.opts(), system, commands), command.args);
  });
}

function asOption({ flags, says, joinedBy }: OptionSpec): Option {
  const option = new Option(flags, says);
  if (joinedBy === undefined) return option;
  return option.argParser((value, before: string | undefined) =>
    before === undefined ? value : `${before}${joinedBy}${value}`,
  );
}

/** An empty word is a variable that was not set, never a name: it must not stand for "all" or for "none". */
function refuseEmpty(command: Command): void {
  const at = command.args.indexOf('');
  const option = command.options.find((one) => command.getOptionValue(one.attributeName()) === '');
  if (at < 0 && option === undefined) return;
  const argument = command.registeredArguments[Math.min(at, command.registeredArguments.length - 1)];
  const what = option?.long ?? `The argument ${argument?.name() ?? ''}`;
  throw new UsageError(`${what} is empty; give it a value or leave it out.`);
}

function argumentsOf(command: Command): string {
  return command.registeredArguments
    .map((argument) => {
      const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? `<${name}>` : `[${name}]`;
    })
    .join(' ');
}

function sentence({ summary, details }: CommandSpec): string {
  const first = `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`;
  return details === undefined ? first : `${first}\n${details}`;
}

/** Into a file or pipe as wide as reads well. */
function helpWidth({ terminal }: System): number {
  return terminal.columns ?? 100;
}

function afterHelp(spec: CommandSpec, columns: number): string {
  const siblings = CATALOGUE.flatMap((topic) => topic.commands).filter(({ name }) =>
    name.startsWith(`${spec.name}:`),
  );
  const { aliases = [] } = spec;
  return [
    ...(aliases.length === 0 ? [] : ['', ...wrapped(`Also: gantry ${aliases.join(', gantry ')}`, columns)]),
    '',
    'Examples:',
    ...spec.examples.map((example) => `  $ ${example}`),
    ...(siblings.length === 0 ? [] : ['', 'See also:']),
    ...wrappedPairs(
      siblings.map(({ name, summary }) => [name, summary] as const),
      columns,
    ),
  ].join('\n');
}
