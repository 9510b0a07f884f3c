import { visible } from './visible.ts';

/** Rows as lines with aligned columns; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map((cell) => visible(cell, { colours: true })));
  const widths: number[] = [];
  for (const row of clean) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, shown(cell))));
  }
  return clean.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - shown(cell)),
      )
      .join('  ')
      .trimEnd(),
  );
}

function shown(cell: string): number {
  return Array.from(visible(cell)).length;
}
