import { createServer, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startFakeHaproxy } from '../test/support/fake-haproxy.ts';
import { RouterError } from './errors.ts';
import { ask, openLine, tell } from './haproxy-socket.ts';

const patient = new AbortController().signal;
const NOTHING = /^$/;
const put = (key: string): { line: string; expect: RegExp } => ({
  line: `add map apps.map ${key} p00001`,
  expect: NOTHING,
});

/** A process that does with every connection as it is told. */
async function startOdd(does: (connection: Socket, text: string) => void) {
  const home = await mkdtemp(join(tmpdir(), 'gantry-odd-haproxy-'));
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    open.add(connection);
    connection.on('error', () => undefined); // the other side hears of it
    connection.on('data', (chunk: Buffer) => does(connection, chunk.toString()));
  });
  const socket = join(home, 's');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    async [Symbol.asyncDispose]() {
      for (const connection of open) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(home, { recursive: true, force: true });
    },
  };
}

describe('questions to a process', () => {
  it('are answered in their order, each with what was said to it', async () => {
    await using haproxy = await startFakeHaproxy();
    haproxy.answers = (command) => (command === 'silent' ? '' : `said ${command}\nand more`);
    expect(await ask(haproxy.socket, ['one', 'silent', 'two'], patient)).toEqual([
      ...['said one\nand more', '', 'said two\nand more'],
    ]);
    expect(haproxy.connections()).toBe(1);
  });

  it('go in batches that HAProxy reads whole, and none is lost or told twice', async () => {
    await using haproxy = await startFakeHaproxy();
    haproxy.answers = (command) => command;
    const lengths: number[] = [];
    await using counting = await startOdd((connection, text) => {
      lengths.push(text.length);
      connection.end(text.trimEnd().replaceAll(/;|$/g, '\n\n'));
    });
    const lines = Array.from({ length: 3_000 }, (_, n) => `line ${String(n).padStart(4, '0')}`);
    for (const { socket } of [haproxy, counting]) expect(await ask(socket, lines, patient)).toEqual(lines);
    expect(haproxy.connections()).toBe(3);
    expect(lengths).toEqual([12_000, 12_000, 6_000]);
  });

  it('of none ask nobody', async () => {
    await using haproxy = await startFakeHaproxy();
    expect(await ask(haproxy.socket, [], patient)).toEqual([]);
    expect(haproxy.connections()).toBe(0);
  });

  it('fail when there are fewer answers, for nobody knows to which', async () => {
    await using odd = await startOdd((connection) => connection.end('one\n\n'));
    await expect(ask(odd.socket, ['a', 'b'], patient)).rejects.toThrow(
      /HAProxy answered 1 of 2 commands on /,
    );
  });

  it('fail when the process is not there, and when nobody waits any longer', async () => {
    await expect(ask('/nonexistent/socket', ['a'], patient)).rejects.toThrow('ENOENT');
    await using odd = await startOdd(() => undefined);
    const gone = new AbortController();
    const asked = ask(odd.socket, ['a'], gone.signal);
    gone.abort(new Error('went away'));
    await expect(asked).rejects.toThrow('went away');
  });
});

describe('commands to a process', () => {
  it('are told together, but for those that need a connection of their own, in one order', async () => {
    await using haproxy = await startFakeHaproxy();
    haproxy.answers = (command) => {
      haproxy.told.push(command);
      if (command.startsWith('set ssl')) return 'Transaction created';
      return command.startsWith('commit ssl') ? 'Success!' : '';
    };
    const alone = {
      line: 'set ssl cert a.pem',
      payload: 'PEM\nmore\n',
      expect: /^Transaction/,
      alone: true,
    } as const;
    const bare = { line: 'commit ssl cert a.pem', expect: /Success!/, alone: true } as const;
    await tell(haproxy.socket, [put('a'), put('b'), alone, bare, put('c')], patient);
    expect(haproxy.told).toEqual([
      ...[put('a').line, put('b').line, 'set ssl cert a.pem <<PEM\nmore\n\n', bare.line, put('c').line],
    ]);
    expect(haproxy.connections()).toBe(4);
  });

  it('stop at the first that is not answered as it should be, and say what was', async () => {
    await using haproxy = await startFakeHaproxy();
    haproxy.answers = (command) => {
      haproxy.told.push(command);
      return command.includes(' b ') ? 'x'.repeat(300) : '';
    };
    const last = { line: 'never', expect: NOTHING, alone: true } as const;
    const told = tell(haproxy.socket, [put('a'), put('b'), last], patient);
    await expect(told).rejects.toSatisfy((err) => RouterError.is(err, 'refused_by_haproxy'));
    await expect(told).rejects.toMatchObject({ params: { command: put('b').line, answer: 'x'.repeat(200) } });
    expect(haproxy.told).not.toContain('never');
  });

  it('that stand alone are judged too', async () => {
    await using haproxy = await startFakeHaproxy();
    haproxy.answers = () => 'no';
    const told = tell(haproxy.socket, [{ line: 'x', expect: /^yes/, alone: true }], patient);
    await expect(told).rejects.toMatchObject({ id: 'refused_by_haproxy', params: { command: 'x' } });
  });
});

describe('a line that stays', () => {
  it('answers one question after the other on one connection, also those asked at once', async () => {
    await using haproxy = await startFakeHaproxy();
    haproxy.answers = (command) => `said ${command}`;
    const line = await openLine(haproxy.socket, patient);
    const both = await Promise.all([line.ask('one', patient), line.ask('two', patient)]);
    expect(both).toEqual(['said one', 'said two']);
    expect(await line.ask('three', patient)).toBe('said three');
    expect(haproxy.connections()).toBe(1);
    line.close();
  });

  it('is told to end, so that the process may', async () => {
    const heard: string[] = [];
    let over = (): void => undefined;
    const closed = new Promise<void>((resolve) => (over = resolve));
    await using odd = await startOdd((connection, text) => {
      heard.push(text);
      if (text === 'prompt\n') connection.write('\n> ');
      else over();
    });
    (await openLine(odd.socket, patient)).close();
    await closed;
    expect(heard).toEqual(['prompt\n', 'quit\n']);
  });

  it('waits for the whole of an answer', async () => {
    await using odd = await startOdd((connection, text) => {
      connection.write(text === 'prompt\n' ? '\n> ' : 'first > half');
      if (text !== 'prompt\n') setTimeout(() => connection.write('\nsecond\n\n> '), 10);
    });
    const line = await openLine(odd.socket, patient);
    expect(await line.ask('x', patient)).toBe('first > half\nsecond');
  });

  it('fails once the process is gone, for every question from then on', async () => {
    await using odd = await startOdd((connection, text) =>
      text === 'prompt\n' ? connection.write('\n> ') : connection.destroy(),
    );
    const line = await openLine(odd.socket, patient);
    await expect(line.ask('x', patient)).rejects.toThrow('the process has gone');
    await expect(line.ask('y', patient)).rejects.toThrow('the process has gone');
  });

  it('is of no use after a question that nobody waited for: its answer would be taken for the next one', async () => {
    await using odd = await startOdd((connection, text) => {
      if (text === 'prompt\n') connection.write('\n> ');
      else if (text === 'next\n') connection.write('late\n> next\n> ');
    });
    const line = await openLine(odd.socket, patient);
    const gone = new AbortController();
    const asked = line.ask('late', gone.signal);
    gone.abort(new Error('went away'));
    await expect(asked).rejects.toThrow('went away');
    await expect(line.ask('next', patient)).rejects.toThrow();
  });

  it('is not opened to a process that is not there', async () => {
    await expect(openLine('/nonexistent/socket', patient)).rejects.toThrow('ENOENT');
  });
});
