/** The newest of many lines, as many as fit; counts those that did not. */
export interface Tail {
  readonly push: (line: string) => void;
  readonly lines: () => readonly string[];
  readonly leftOut: () => { readonly lines: number; readonly bytes: number };
}

/** A front of the array that holds nothing any more is cut off when it is this long, so that a line costs the same however many came. */
const SLACK = 1024;

export function createTail(room: { readonly lines: number; readonly bytes: number }): Tail {
  let kept: { readonly line: string; readonly bytes: number }[] = [];
  let first = 0;
  let bytes = 0;
  const leftOut = { lines: 0, bytes: 0 };

  function dropFirst(): void {
    const dropped = kept[first]?.bytes ?? 0;
    first += 1;
    bytes -= dropped;
    leftOut.lines += 1;
    leftOut.bytes += dropped;
  }

  return {
    push(line) {
      const entry = { line, bytes: sizeOf(line) };
      kept.push(entry);
      bytes += entry.bytes;
      while (first < kept.length && (kept.length - first > room.lines || bytes > room.bytes)) dropFirst();
      if (first > SLACK && first * 2 > kept.length) {
        kept = kept.slice(first);
        first = 0;
      }
    },
    lines: () => kept.slice(first).map(({ line }) => line),
    leftOut: () => ({ ...leftOut }),
  };
}

/** What a line takes with its end. */
export function sizeOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}
