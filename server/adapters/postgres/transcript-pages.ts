/** Characters of one page: some hundred lines, which PostgreSQL compresses together. A longer line has a page of its own. */
const PAGE_LENGTH = 16 * 1024;

/** Packs lines into as few texts as may be: a row for each line would take many times the room of what it says. */
export function pagesOf(lines: readonly string[]): string[] {
  const pages: string[] = [];
  let page: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (page.length > 0 && length + line.length > PAGE_LENGTH) {
      pages.push(page.join('\n'));
      page = [];
      length = 0;
    }
    page.push(line);
    length += line.length + 1;
  }
  return page.length > 0 ? [...pages, page.join('\n')] : pages;
}

export function linesOf(page: string): string[] {
  return page.split('\n');
}
