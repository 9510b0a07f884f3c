import { describe, expect, it } from 'vitest';
import { createFakeTerminal } from '../test/support/fake-terminal.ts';
import type { Options } from './command.ts';
import { chosen, printListing, type Column } from './listing.ts';

interface Ship {
  readonly name: string;
  readonly masts: number;
  readonly captain: string;
}
const SHIPS: readonly Ship[] = [
  { name: 'Victory', masts: 3, captain: 'Hardy, "Tom"' },
  { name: 'Gretel', masts: 10, captain: 'Ann' },
  { name: 'Hansel', masts: 2, captain: 'ann' },
];
const COLUMNS: readonly Column<Ship>[] = [
  { head: 'Name', of: ({ name }) => name, whole: true },
  { head: 'Mast count', also: ['masts'], of: ({ masts }) => String(masts) },
  { head: 'Captain', of: ({ captain }) => captain, extended: true },
];

/** As the program hands them over: a flag is true, one that is declined is false. */
function options(given: Readonly<Record<string, string | boolean>>): Options {
  return {
    flag: (name) => given[name] === true,
    declined: (name) => given[name] === false,
    text(name) {
      const value = given[name];
      return typeof value === 'string' ? value : undefined;
    },
  };
}
const names = (given: Readonly<Record<string, string | boolean>>) =>
  chosen(options(given), SHIPS, COLUMNS).map(({ name }) => name);
function printed(given: Readonly<Record<string, string | boolean>>, columns?: number): string[] {
  const terminal = { ...createFakeTerminal(''), columns };
  printListing({ terminal, options: options(given) }, SHIPS, COLUMNS);
  return terminal.out().trimEnd().split('\n');
}

describe('what is chosen of a list', () => {
  it('is all of it, as it is', () => {
    expect(names({})).toEqual(['Victory', 'Gretel', 'Hansel']);
  });

  it.each([
    ['name=el', ['Gretel', 'Hansel']],
    ['captain=ANN', ['Gretel', 'Hansel']], // of a column that is not shown, too
    ['Mast Count=3', ['Victory']],
    ['mast_count=3', ['Victory']],
    ['masts=3', ['Victory']],
    ['name==', []],
  ])('is what holds a text: %s', (filter, found) => {
    expect(names({ filter })).toEqual(found);
  });

  it('is in the order of a column, numbers by their value, and the other way round', () => {
    expect(names({ sort: 'masts' })).toEqual(['Hansel', 'Victory', 'Gretel']);
    expect(names({ sort: '-masts' })).toEqual(['Gretel', 'Victory', 'Hansel']);
  });

  it.each([
    [{ filter: 'x' }, /x is not a filter such as Name=text\./],
    [{ filter: '=x' }, /is not a filter/],
    [{ filter: 'port=x' }, /There is no column port; there are Name, Mast count, Captain\./],
    [{ sort: 'port' }, /There is no column port/],
  ])('is not guessed: %j', (given, problem) => {
    expect(() => names(given)).toThrow(problem);
  });
});

describe('a list', () => {
  it('has its usual columns, more when asked for, or those that are asked for', () => {
    expect(printed({})[0]).toBe('Name     Mast count');
    expect(printed({ extended: true })[0]).toBe('Name     Mast count  Captain');
    expect(printed({ columns: 'captain, name' }).slice(0, 2)).toEqual([
      'Captain       Name',
      'Hardy, "Tom"  Victory',
    ]);
    expect(() => printed({ columns: 'name,port' })).toThrow(/no column port/);
  });

  it('has on a screen no room for more columns that are empty, unless they are asked for by name', () => {
    const bare: readonly Column<Ship>[] = [...COLUMNS, { head: 'Flag', of: () => '', extended: true }];
    const head = (given: Readonly<Record<string, string | boolean>>): string => {
      const terminal = createFakeTerminal('');
      printListing({ terminal, options: options(given) }, SHIPS, bare);
      return terminal.out().split('\n')[0] ?? '';
    };
    expect(head({ extended: true })).toBe('Name     Mast count  Captain');
    expect(head({ extended: true, csv: true })).toBe('Name,Mast count,Captain,Flag');
    expect(head({ columns: 'name,flag' })).toBe('Name     Flag');
  });

  it('is CSV with the names of its columns', () => {
    expect(printed({ csv: true, columns: 'Captain,masts' })).toEqual([
      'Captain,Mast count',
      '"Hardy, ""Tom""",3',
      'Ann,10',
      'ann,2',
    ]);
  });

  it('fits the screen, unless it is to be whole', () => {
    expect(printed({ extended: true }, 30)[1]).toBe('Victory  3           Hardy, "…');
    expect(printed({ extended: true, wrap: false }, 30)[1]).toBe('Victory  3           Hardy, "Tom"');
  });
});
