/** A line that outlives its instance. `stamp` is its time in nanoseconds since 1970, which orders lines of many instances. */
interface KeptLine {
  readonly stamp: bigint;
  readonly source: 'app' | 'gantry';
  readonly text: string;
}

/** What is kept of the output of an instance that is gone, oldest line first. */
export interface KeptLog {
  /** The engine's id: an instance is kept once, however often it is tried. */
  readonly instanceId: string;
  readonly type: string;
  readonly number: number;
  readonly release: number;
  readonly lines: readonly KeptLine[];
}

/** How much is kept of one app. `lines` is also the most that one answer of the API holds. */
export const KEPT = { lines: 1_500, bytes: 1024 * 1024, lineBytes: 8 * 1024 } as const;

export type KeptLimits = Readonly<Record<keyof typeof KEPT, number>>;

const CUT = ' [line cut]';
/** What a line takes besides its text: its time and source. */
const LINE_BYTES = 48;
/** What a log takes besides its lines: its release, its name and the file it is in. */
const HEAD_BYTES = 256;

/**
 * What stays of an app's logs: of all lines in time order the newest that are within the limits, long ones cut. Logs of
 * which nothing stays are left out.
 *
 * Doing it again changes nothing.
 */
export function bounded(logs: readonly KeptLog[], limits: KeptLimits = KEPT): KeptLog[] {
  const cut = logs.map((log) => ({
    ...log,
    lines: log.lines.map((line) => ({ ...line, text: shortened(line.text, limits.lineBytes) })),
  }));
  const newestFirst = cut.flatMap(({ lines }, log) => monotone(lines).map((entry) => ({ ...entry, log })));
  // Equal times of one log must stay in their order: what is dropped is always the beginning of a log.
  newestFirst.sort((a, b) =>
    a.stamp === b.stamp ? b.log - a.log || b.index - a.index : a.stamp < b.stamp ? 1 : -1,
  );
  const from = new Map<number, number>();
  let lines = 0;
  let bytes = 0;
  for (const { log, index, text } of newestFirst) {
    lines += 1;
    bytes += weight(text) + LINE_BYTES + (from.has(log) ? 0 : HEAD_BYTES);
    if (lines > limits.lines || bytes > limits.bytes) break;
    from.set(log, index);
  }
  return cut.flatMap((log, index) => {
    const first = from.get(index);
    return first === undefined ? [] : [{ ...log, lines: log.lines.slice(first) }];
  });
}

/** What these logs take, as `bounded` counts it. */
export function weightOf(logs: readonly KeptLog[]): number {
  return logs.reduce(
    (sum, { lines }) => lines.reduce((all, { text }) => all + weight(text) + LINE_BYTES, sum + HEAD_BYTES),
    0,
  );
}

/** The lines of one log with times that never go back: a line without a time has that of the line before it. */
function monotone(lines: readonly KeptLine[]): { stamp: bigint; index: number; text: string }[] {
  let latest = 0n;
  return lines.map(({ stamp, text }, index) => {
    if (stamp > latest) latest = stamp;
    return { stamp: latest, index, text };
  });
}

/** As JSON, the way it is kept: a control character takes six bytes. */
function weight(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

function shortened(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  // A character that the cut has split is left out.
  const kept = bytes.subarray(0, most - CUT.length).toString('utf8');
  return `${kept.replace(/\uFFFD$/, '')}${CUT}`;
}
