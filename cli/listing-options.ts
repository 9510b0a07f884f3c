import type { OptionSpec } from './command.ts';

/** The options of a command that prints a list through `printListing`. */
export const LISTING_OPTIONS: readonly OptionSpec[] = [
  { flags: '-c, --csv', says: 'print them as CSV' },
  { flags: '--columns <names>', says: 'only these columns, with commas between, in this order' },
  { flags: '--filter <filter>', says: 'only those of which a column holds a text: name=text' },
  { flags: '--sort <name>', says: 'in the order of a column; with - before it, the other way round' },
  { flags: '-x, --extended', says: 'more columns' },
  { flags: '--no-wrap', says: 'whole, also where the screen is narrower' },
];
