import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';
import { printTable } from '../../table.ts';

/** Pages are Markdown, but for the manual of man(1). */
const PAGE = /^(?:[a-z-]+\.md|gantry\.1)$/;

export const run: Run = async ({ terminal, result }, [wanted]) => {
  const pages = await pagesIn(await directory(import.meta.dirname));
  if (wanted === undefined) {
    result(pages, () => {
      printTable(
        terminal,
        pages.map(({ name, title, path }) => [name, title, path]),
        { whole: [0, 2] },
      );
      terminal.note('Read one: less "$(gantry docs cli)", or man -l "$(gantry docs gantry.1)"');
    });
    return;
  }
  const page = pages.find(({ name }) => name === wanted || `${name}.md` === wanted);
  if (page === undefined) throw new CommandError(`There is no page ${wanted}; see gantry docs.`);
  result(page, () => terminal.print(page.path));
};

interface Page {
  readonly name: string;
  readonly title: string;
  readonly path: string;
}

/** Beside the program: in the sources and in a build of them some folders up, in the package of the command one. */
async function directory(from: string): Promise<string> {
  const there = await readFile(join(from, 'docs', 'cli.md')).then(
    () => true,
    () => false,
  );
  if (there) return join(from, 'docs');
  if (dirname(from) === from)
    throw new CommandError('The documentation is not installed beside this command.');
  return directory(dirname(from));
}

async function pagesIn(folder: string): Promise<readonly Page[]> {
  const files = (await readdir(folder)).filter((file) => PAGE.test(file)).toSorted();
  return Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      const title = /^# (.+)$/m.exec(await readFile(path, 'utf8'))?.[1] ?? 'Manual page';
      return { name: file.replace(/\.md$/, ''), title, path };
    }),
  );
}
