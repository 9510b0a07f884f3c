import { visible } from './visible.ts';
import { shorten, widthOf } from './width.ts';

/** What is being done at the moment. It disappears when it is disposed of, or when the command ends in any way. */
export interface Progress extends Disposable {
  /** Says something else; with a share from 0 to 1 a bar is drawn. Nothing is drawn where no screen is. */
  update(text: string, share?: number): void;
}

/** The last line of a screen, drawn over itself while something goes on. */
export interface StatusLine {
  begin(text: string, share?: number): Progress;
  /** Runs what writes whole lines, with the status line out of its way. */
  aside(write: () => void): void;
  /** Erases it; safe to call at any time. */
  clear(): void;
}

interface Screen {
  readonly columns?: number;
  write(text: string): unknown;
}

interface Shown {
  text: string;
  share: number | undefined;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const FRAME_MS = 80;
const BAR_COLUMNS = 20;
const ERASE = '\r\u001b[K';

/** The cursor is never hidden, so there is nothing to repair on a screen whose command was killed. */
export function createStatusLine(screen: Screen): StatusLine {
  const stack: Shown[] = [];
  let frame = 0;
  let drawn = false;
  let timer: NodeJS.Timeout | undefined;

  function draw(): void {
    const top = stack.at(-1);
    if (top === undefined) return;
    const { columns = 0 } = screen; // 0 when nobody has told the screen its size
    screen.write(`${ERASE}${line(top, FRAMES[frame % FRAMES.length] ?? '', columns === 0 ? 80 : columns)}`);
    drawn = true;
  }
  function erase(): void {
    if (drawn) screen.write(ERASE);
    drawn = false;
  }
  function clear(): void {
    stack.length = 0;
    clearInterval(timer);
    timer = undefined;
    erase();
  }
  function turn(): void {
    frame += 1;
    draw();
  }

  return {
    clear,
    begin(text, share) {
      const shown: Shown = { text, share };
      stack.push(shown);
      timer ??= setInterval(turn, FRAME_MS).unref();
      draw();
      return {
        update(now, nowShare) {
          shown.text = now;
          shown.share = nowShare;
          draw();
        },
        [Symbol.dispose]() {
          const at = stack.indexOf(shown);
          if (at >= 0) stack.splice(at, 1);
          if (stack.length === 0) clear();
          else draw();
        },
      };
    },
    aside(write) {
      erase();
      write();
      draw();
    },
  };
}

/** One column stays free: a full line would wrap, and a wrapped line cannot be drawn over. */
function line({ text, share }: Shown, frame: string, columns: number): string {
  const end = share === undefined ? '' : ` ${bar(share)}`;
  return `${frame} ${shorten(visible(text), Math.max(0, columns - 3 - widthOf(end)))}${end}`;
}

function bar(share: number): string {
  const part = Math.min(1, Math.max(0, share));
  const full = Math.round(part * BAR_COLUMNS);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_COLUMNS - full)} ${String(Math.floor(part * 100)).padStart(3)}%`;
}
