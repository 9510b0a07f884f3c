import type { Socket } from 'node:net';
import type { SshLimits } from './limits.ts';

/** Connections that wait, unread, for their turn to begin. First come, first served, but a source that is full holds up no other. */
export interface Line extends Disposable {
  readonly has: (source: string) => boolean;
  /** False when the line is full, or full of this source. */
  readonly join: (socket: Socket, source: string) => boolean;
  /** Lets in whoever finds a place now. */
  readonly callNext: () => void;
}

export interface LineDeps {
  readonly limits: Pick<SshLimits, 'waiting' | 'waitingPerSource' | 'loginGraceMs' | 'beginMs'>;
  /** Lets it in; false when there is no place for this source. */
  readonly enter: (socket: Socket, source: string) => boolean;
  readonly tooLong: (socket: Socket) => void;
}

interface Waiting {
  readonly socket: Socket;
  readonly source: string;
  readonly late: NodeJS.Timeout;
}

export function createLine({ limits, enter, tooLong }: LineDeps): Line {
  const line = new Set<Waiting>();
  const waitingOf = (source: string): number => [...line].filter((one) => one.source === source).length;

  function leave(one: Waiting): boolean {
    clearTimeout(one.late);
    return line.delete(one);
  }

  function callNext(): void {
    const full = new Set<string>();
    for (const one of line) {
      if (full.has(one.source)) continue;
      if (one.socket.destroyed || enter(one.socket, one.source)) leave(one);
      else full.add(one.source);
    }
  }

  // Time alone frees places too: those of strangers who do not begin.
  const again = setInterval(callNext, limits.beginMs).unref();

  return {
    has: (source) => waitingOf(source) > 0,
    join(socket, source) {
      if (line.size >= limits.waiting || waitingOf(source) >= limits.waitingPerSource) return false;
      const late = setTimeout(() => {
        if (leave(one)) tooLong(socket);
      }, limits.loginGraceMs);
      const one: Waiting = { socket, source, late };
      line.add(one);
      socket.once('close', () => leave(one));
      return true;
    },
    callNext,
    [Symbol.dispose]() {
      clearInterval(again);
      for (const one of line) {
        leave(one);
        one.socket.destroy();
      }
    },
  };
}
