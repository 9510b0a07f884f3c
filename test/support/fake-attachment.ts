import type { Attachment, Printed, TerminalSize } from '../../server/ports/runs.ts';
import type { RunSession } from '../../server/services/run-sessions.ts';

/** A process in the hands of a test. */
export interface FakeProcess {
  readonly attachment: Attachment;
  print(text: string | Buffer, stream?: Printed['stream']): void;
  finish(code: number): void;
  /** What it was given to read. */
  readonly input: () => Buffer;
  readonly said: { inputEnded: boolean; letGo: boolean; sizes: TerminalSize[]; signals: string[] };
  /** While true it reads nothing. */
  stall(stalled: boolean): void;
  /** Whether something waits for it to read again. */
  readonly holds: () => boolean;
}

export function createFakeProcess(): FakeProcess {
  const queue: Printed[] = [];
  const input: Buffer[] = [];
  const said: FakeProcess['said'] = { inputEnded: false, letGo: false, sizes: [], signals: [] };
  let code: number | undefined;
  let rouse = (): void => undefined;
  let stalled = false;
  let unstall = (): void => undefined;
  let holding = 0;
  const change = (): Promise<void> => new Promise((resolve) => (rouse = resolve));

  async function* output(): AsyncGenerator<Printed> {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else if (code !== undefined || said.letGo) return;
      else await change();
    }
  }

  return {
    said,
    holds: () => holding > 0,
    input: () => Buffer.concat(input),
    print(text, stream = 'out') {
      queue.push({ stream, bytes: Buffer.from(text) });
      rouse();
    },
    finish(wanted) {
      code = wanted;
      rouse();
    },
    stall(wanted) {
      stalled = wanted;
      if (!wanted) unstall();
    },
    attachment: {
      output: output(),
      async write(bytes) {
        holding += 1;
        if (stalled) await new Promise<void>((resolve) => (unstall = resolve));
        holding -= 1;
        input.push(bytes);
      },
      end: () => void (said.inputEnded = true),
      resize: (size) => Promise.resolve(void said.sizes.push(size)),
      signal: (name) => Promise.resolve(void said.signals.push(name)),
      async exitCode() {
        while (code === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
        return code;
      },
      [Symbol.asyncDispose]() {
        said.letGo = true;
        rouse();
        return Promise.resolve();
      },
    },
  };
}

/** A session of that process, and how to cut it. */
export function createFakeSession(
  process: FakeProcess,
  { tty = false, refuse }: { readonly tty?: boolean; readonly refuse?: Error } = {},
): { readonly session: RunSession; readonly cut: (sentence: string) => void } {
  const cut = new AbortController();
  return {
    cut: (sentence) => cut.abort(new Error(sentence)),
    session: {
      ...{ name: 'run.1234', tty, cut: cut.signal },
      open: () => (refuse ? Promise.reject(refuse) : Promise.resolve(process.attachment)),
      [Symbol.asyncDispose]: () => process.attachment[Symbol.asyncDispose](),
    },
  };
}
