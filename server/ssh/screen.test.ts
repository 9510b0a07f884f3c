import { describe, expect, it } from 'vitest';
import { createFakeChannel } from '../../test/support/fake-channel.ts';
import { createPty, createScreen } from './screen.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function createRig({ term }: { readonly term?: string } = {}) {
  const fake = createFakeChannel();
  const left = new AbortController();
  const stops: string[] = [];
  const pty = term === undefined ? undefined : createPty(term, { columns: 100, rows: 30 });
  const { channel, socket } = fake;
  const screen = createScreen({
    channel,
    socket,
    pty,
    gone: left.signal,
    stop: (why) => void stops.push(why),
  });
  const typed: Buffer[] = [];
  return {
    ...{ ...fake, screen, pty, stops, left },
    /** Begins to read what is typed. */
    listen(): () => string {
      screen.input.on('data', (keys: Buffer) => typed.push(keys));
      return () => Buffer.concat(typed).toString();
    },
  };
}

describe('a window', () => {
  it('is as large as the client says, within reason', () => {
    const sizes = [
      [
        { columns: 120, rows: 40 },
        { columns: 120, rows: 40 },
      ],
      [
        { columns: 0, rows: 0 },
        { columns: 80, rows: 24 },
      ],
      [
        { columns: -5, rows: NaN },
        { columns: 80, rows: 24 },
      ],
      [
        { columns: 1, rows: 1e9 },
        { columns: 1, rows: 9_999 },
      ],
      [
        { columns: 80.9, rows: 24.1 },
        { columns: 80, rows: 24 },
      ],
    ] as const;
    for (const [said, is] of sizes) {
      expect(createPty('xterm', said).size()).toEqual(is);
      const resized = createPty('xterm', { columns: 10, rows: 10 });
      resized.resize(said);
      expect(resized.size()).toEqual(is);
    }
  });

  it('is of a kind that can stand in an environment, or of the simplest', () => {
    const term = (text: string): string => createPty(text, { columns: 80, rows: 24 }).term;
    for (const good of ['xterm-256color', 'screen.xterm', 'a'.repeat(64)]) expect(term(good)).toBe(good);
    for (const odd of ['', 'a b', 'x\n', '$(id)', 'a'.repeat(65)]) expect(term(odd)).toBe('dumb');
  });

  it('tells who asked of every change, until they have enough', () => {
    const pty = createPty('xterm', { columns: 80, rows: 24 });
    const seen: unknown[] = [];
    const enough = pty.onResize(() => seen.push(pty.size()));
    pty.resize({ columns: 90, rows: 24 });
    enough();
    pty.resize({ columns: 100, rows: 24 });
    expect(seen).toEqual([{ columns: 90, rows: 24 }]);
  });
});

describe('what a command shows', () => {
  it('ends its lines as a terminal wants them, in one stream', () => {
    const rig = createRig({ term: 'xterm' });
    rig.screen.output.write('one\ntwo\r\n');
    rig.screen.errors.write('three\n');
    expect([rig.out(), rig.err()]).toEqual(['one\r\ntwo\r\nthree\r\n', '']);
    expect(rig.screen.output).toMatchObject({ isTTY: true, columns: 100 });
    rig.pty?.resize({ columns: 120, rows: 30 });
    expect(rig.screen.output.columns).toBe(120);
  });

  it('stays as it is without a terminal, in two streams', async () => {
    const rig = createRig();
    rig.screen.output.write('one\ntwo\r\n');
    rig.screen.errors.write('three\n');
    await turn();
    expect([rig.out(), rig.err()]).toEqual(['one\ntwo\r\n', 'three\n']);
    expect(rig.screen.output).toMatchObject({ isTTY: false, columns: 80 });
    expect(rig.screen.term).toBeUndefined();
  });

  it('has colours on a terminal that knows them', () => {
    const colours = ['xterm', 'dumb', undefined].map((term) =>
      createRig(term === undefined ? {} : { term }).screen.output.hasColors(),
    );
    expect(colours).toEqual([true, false, false]);
  });

  it('ends the command when nobody reads it: memory is not there for that', () => {
    const rig = createRig({ term: 'xterm' });
    rig.reads(false);
    const much = 'x'.repeat(4 * 1024 * 1024);
    for (let nth = 0; nth < 2; nth += 1) rig.screen.output.write(much);
    expect(rig.stops).toEqual([]);
    rig.screen.output.write('x');
    expect(rig.stops).toEqual([]);
    rig.screen.output.write('not written any more');
    expect(rig.stops).toEqual(['the client does not read what it is sent']);
    expect(rig.channel.writableLength).toBe(2 * much.length + 1);
  });
});

describe('what is typed', () => {
  it('reaches the command, and its end too', async () => {
    for (const term of ['xterm', undefined]) {
      const rig = createRig(term === undefined ? {} : { term });
      const typed = rig.listen();
      const ended = new Promise((resolve) => rig.screen.input.once('end', resolve));
      rig.type('ls\n');
      rig.hangUp();
      await ended;
      expect(typed()).toBe('ls\n');
    }
  });

  it('interrupts on a terminal by Ctrl-C, and is not typed then', async () => {
    const rig = createRig({ term: 'xterm' });
    const typed = rig.listen();
    rig.type('abc\x03def');
    await turn();
    expect([rig.stops, typed()]).toEqual([['interrupted'], '']);
  });

  it('is all passed on, Ctrl-C as well, to a command that reads raw keys, until it has enough', async () => {
    const rig = createRig({ term: 'xterm' });
    const typed = rig.listen();
    const end = rig.screen.ends.raw();
    rig.type('a\x03');
    await turn();
    expect([rig.stops, typed()]).toEqual([[], 'a\x03']);
    end();
    rig.type('\x03');
    await turn();
    expect(rig.stops).toEqual(['interrupted']);
  });

  it('has no such key without a terminal', async () => {
    const rig = createRig();
    const typed = rig.listen();
    rig.type('\x03');
    await turn();
    expect([rig.stops, typed()]).toEqual([[], '\x03']);
    expect(() => rig.screen.input.setRawMode(true)).not.toThrow();
  });

  it('ahead of a command that does not read is kept up to 64 KiB, and the rest is lost', async () => {
    const rig = createRig({ term: 'xterm' });
    rig.type('a'.repeat(60_000));
    await turn();
    rig.type('b'.repeat(60_000));
    await turn();
    rig.type('c'.repeat(5_536));
    await turn();
    const typed = rig.listen();
    await turn();
    expect(typed()).toBe('a'.repeat(60_000) + 'c'.repeat(5_536));
  });

  it('raw is held back in the connection while the command does not read, and nothing is lost', async () => {
    const rig = createRig({ term: 'xterm' });
    rig.screen.ends.raw();
    const all = Array.from({ length: 40 }, (_, n) => String(n % 10).repeat(5_000));
    for (const keys of all) rig.type(keys);
    await turn();
    expect(rig.channel.isPaused()).toBe(true);
    const typed = rig.listen();
    for (let nth = 0; nth < 50; nth += 1) await turn();
    expect(typed().length).toBe(200_000);
    expect(typed()).toBe(all.join(''));
  });
});

describe('a signal of the client', () => {
  it('goes to the process that has the screen, and else ends a command if it is one that ends', () => {
    const rig = createRig({ term: 'xterm' });
    const heard: string[] = [];
    const enough = rig.screen.ends.onSignal((name) => void heard.push(name));
    rig.screen.hear('SIGINT');
    expect([heard, rig.stops]).toEqual([['SIGINT'], []]);
    enough();
    for (const name of ['SIGWINCH', 'SIGUSR1']) rig.screen.hear(name);
    expect(rig.stops).toEqual([]);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL']) rig.screen.hear(name);
    expect([heard, rig.stops]).toEqual([['SIGINT'], Array.from({ length: 5 }, () => 'interrupted')]);
  });
});

describe('a screen that is lent to a process', () => {
  it('shows bytes as they are, and says its size and how it changes', async () => {
    const rig = createRig({ term: 'xterm' });
    const { ends } = rig.screen;
    await ends.out(Buffer.from('a\nb'));
    await ends.err(Buffer.from('c\n'));
    expect([rig.out(), rig.err(), ends.live, ends.size()]).toEqual([
      ...['a\nb', 'c\n', true],
      { columns: 100, rows: 30 },
    ]);
    let told = 0;
    const enough = ends.onResize(() => void (told += 1));
    rig.pty?.resize({ columns: 1, rows: 1 });
    enough();
    rig.pty?.resize({ columns: 2, rows: 2 });
    expect(told).toBe(1);
  });

  it('has neither size nor keys without a terminal', () => {
    const { ends } = createRig().screen;
    expect([ends.live, ends.size()]).toEqual([false, undefined]);
    expect(() => ends.onResize(() => undefined)()).not.toThrow();
  });

  it('takes more when the client has read, or has left', async () => {
    for (const left of [false, true]) {
      const rig = createRig({ term: 'xterm' });
      rig.reads(false);
      let taken = false;
      const writing = rig.screen.ends.out(Buffer.alloc(100_000)).then(() => (taken = true));
      await turn();
      expect(taken).toBe(false);
      if (left) rig.left.abort();
      else rig.reads(true);
      await writing;
      expect(taken).toBe(true);
    }
  });

  it('waits for the connection below it too: a client may let its channel be as wide as it likes', async () => {
    const rig = createRig({ term: 'xterm' });
    rig.socket.write(Buffer.alloc(100_000));
    let taken = false;
    const writing = rig.screen.ends.out(Buffer.from('x')).then(() => (taken = true));
    await turn();
    expect(taken).toBe(false);
    rig.socket.resume();
    await writing;
    expect(taken).toBe(true);
  });

  it('shows nothing to a client that has left', async () => {
    const rig = createRig({ term: 'xterm' });
    rig.left.abort();
    await rig.screen.ends.out(Buffer.from('x'));
    expect(rig.out()).toBe('');
  });
});
