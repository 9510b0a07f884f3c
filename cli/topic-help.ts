import type { CommandSpec, TopicSpec } from './command.ts';
import { table } from './table.ts';

/** What asks for help, wherever it is said. */
export const HELP: readonly string[] = ['-h', '--help'];

/**
 * The arguments as they were meant: `help apps create` is `apps:create --help`. Undefined when it is about a topic that
 * has no command of its own, or about nothing there is.
 */
export function helpAsOption(
  argv: readonly string[],
  catalogue: readonly TopicSpec[],
): readonly string[] | undefined {
  const [first, ...rest] = argv;
  if (first !== 'help') return argv;
  const words = rest.filter((word) => !word.startsWith('-'));
  if (words.length === 0) return rest.every((word) => HELP.includes(word)) ? ['help'] : argv;
  const found = [words.join(':'), words[0] ?? ''].find((name) => find(name, catalogue) !== undefined);
  return found === undefined ? undefined : [found, '--help'];
}

/** The commands of a topic by its name, as lines; undefined when there is none whose name begins so. */
export function topicPage(
  topic: string,
  catalogue: readonly TopicSpec[],
  width: number | undefined,
): readonly string[] | undefined {
  const commands = catalogue.flatMap((one) => one.commands);
  const rows = commands.flatMap((command) =>
    [command.name, ...(command.aliases ?? [])]
      .filter((name) => name === topic || name.startsWith(`${topic}:`))
      .map((name) => [`  ${name}${command.args === undefined ? '' : ` ${command.args}`}`, command.summary]),
  );
  if (rows.length === 0) return undefined;
  return [
    `Commands of ${topic}:`,
    ...table(rows, { width, whole: [0] }),
    '',
    `Help on one of them: gantry help ${rows[0]?.[0]?.trim().split(' ')[0] ?? topic}`,
  ];
}

/** The topic of a command that is not there: `domains` of `domains:ad`. */
export function topicOf(name: string, catalogue: readonly TopicSpec[]): string | undefined {
  const [topic = '', verb] = name.split(':');
  const there = catalogue.some(({ commands }) =>
    commands.some((one) => one.name === topic || one.name.startsWith(`${topic}:`)),
  );
  return verb !== undefined && there ? topic : undefined;
}

export function find(name: string, catalogue: readonly TopicSpec[]): CommandSpec | undefined {
  return catalogue
    .flatMap(({ commands }) => commands)
    .find((one) => one.name === name || one.aliases?.includes(name));
}
