import { once } from 'node:events';
import type { RunEnds } from './run-client.ts';

interface Keyboard extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?: (mode: boolean) => unknown;
  unref?: () => unknown;
}

interface Screen extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** What signals of the user mean to a process far away. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The user's own keyboard and screen, lent to a process on the platform. */
export interface OwnEnds extends RunEnds {
  /** Whether there is a keyboard and a screen, so that a terminal makes sense. */
  readonly live: boolean;
  /** From now on each key goes to the process as it is; answers how to end that. */
  raw(): () => void;
}

export function createEnds(input: Keyboard, out: Screen, err: Screen): OwnEnds {
  const write = async (to: Screen, bytes: Buffer): Promise<void> => {
    if (!to.write(bytes)) await once(to, 'drain');
  };
  const live = input.isTTY === true && out.isTTY === true;
  return {
    live,
    input,
    out: (bytes) => write(out, bytes),
    err: (bytes) => write(err, bytes),
    size: () =>
      live && out.columns !== undefined && out.rows !== undefined
        ? { columns: out.columns, rows: out.rows }
        : undefined,
    onResize(tell) {
      out.on('resize', tell);
      return () => void out.removeListener('resize', tell);
    },
    onSignal(tell) {
      const tellers = PASSED_ON.map((name) => [name, () => tell(name)] as const);
      // Theirs alone while they run: Ctrl-C is the process's to understand.
      const before = PASSED_ON.map((name) => [name, process.rawListeners(name)] as const);
      for (const name of PASSED_ON) process.removeAllListeners(name);
      for (const [name, teller] of tellers) process.on(name, teller);
      return () => {
        for (const [name, teller] of tellers) process.removeListener(name, teller);
        for (const [name, all] of before) for (const one of all) process.on(name, one as () => void);
      };
    },
    raw() {
      input.setRawMode?.(true);
      return () => void input.setRawMode?.(false);
    },
  };
}
