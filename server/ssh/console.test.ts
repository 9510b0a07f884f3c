import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createFakeChannel, type FakeChannel } from '../../test/support/fake-channel.ts';
import type { Console } from '../ports/console.ts';
import type { Login } from './authenticate.ts';
import { createConsoleSeats } from './console.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const LOGIN = { fingerprint: 'SHA256:a', user: 'git' } as Login; // as far as it is looked at here

function createRig(run: Console['run'], commandsPerKey = 2) {
  const closing = new AbortController();
  const complaints: string[] = [];
  const seats = createConsoleSeats({
    ...{ console: { run }, commandsPerKey },
    log: pino({ level: 'error' }, { write: (text) => void complaints.push(text) }),
    signal: closing.signal,
  });
  let hear: (name: string) => void = () => undefined;
  return {
    ...{ closing, complaints },
    hear: (name: string) => hear(name),
    serve: ({ channel, socket }: FakeChannel, line = 'apps', login = LOGIN) =>
      seats.serve({ login, line, channel, socket, pty: undefined, onSignal: (act) => (hear = act) }),
  };
}

/** A command that goes on until it is told to stop. */
const endless: Console['run'] = (_caller, _line, _screen, signal) =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(0), { once: true });
  });

describe('a command over ssh', () => {
  it('is run for the key that logged in, and ends with its code', async () => {
    const fake = createFakeChannel();
    const asked: unknown[] = [];
    const rig = createRig((caller, line, screen) => {
      asked.push(caller, line);
      screen.output.write('shown');
      return Promise.resolve(3);
    });
    expect(await rig.serve(fake)).toBe(3);
    expect([asked, fake.out()]).toEqual([[LOGIN, 'apps'], 'shown']);
  });

  it('ends like an interrupted one when its client leaves, by channel or by connection', async () => {
    for (const end of ['channel', 'socket'] as const) {
      const fake = createFakeChannel();
      const why: unknown[] = [];
      const rig = createRig((caller, line, screen, signal) => {
        signal.addEventListener('abort', () => why.push((signal.reason as Error).message));
        return endless(caller, line, screen, signal);
      });
      const served = rig.serve(fake);
      fake[end].destroy();
      expect(await served).toBe(130);
      expect(why).toEqual(['the client has left']);
    }
  });

  it('ends when the door closes, and by a signal of the client', async () => {
    const rig = createRig(endless);
    const closed = rig.serve(createFakeChannel());
    rig.closing.abort();
    expect(await closed).toBe(130);
    const other = createRig(endless);
    const signalled = other.serve(createFakeChannel());
    other.hear('SIGINT');
    expect(await signalled).toBe(130);
  });

  it('leaves nothing behind that would end a later one', async () => {
    const fake = createFakeChannel();
    const rig = createRig(() => Promise.resolve(0));
    await rig.serve(fake);
    expect([fake.channel.listenerCount('close'), fake.socket.listenerCount('close')]).toEqual([0, 0]);
  });

  it('is refused beyond so many of one key, and taken again once one of them has ended', async () => {
    const rig = createRig(endless);
    const [one, two, three, other] = [1, 2, 3, 4].map(() => createFakeChannel()) as [
      FakeChannel,
      FakeChannel,
      FakeChannel,
      FakeChannel,
    ];
    const [first] = [rig.serve(one), rig.serve(two)];
    expect(await rig.serve(three)).toBe(1);
    await turn();
    expect(three.err()).toBe(' !     This key runs 2 commands already; wait for one of them to end.\r\n');
    const elsewhere = rig.serve(other, 'apps', { ...LOGIN, fingerprint: 'SHA256:b' });
    one.channel.destroy();
    expect(await first).toBe(130);
    const again = rig.serve(three);
    expect(await rig.serve(createFakeChannel()), 'and no more than that').toBe(1);
    rig.closing.abort();
    expect(await Promise.all([again, elsewhere])).toEqual([130, 130]);
  });

  it('has a line that is read, and none that is endless', async () => {
    const rig = createRig(() => Promise.resolve(0));
    expect(await rig.serve(createFakeChannel(), 'x'.repeat(32 * 1024))).toBe(0);
    const fake = createFakeChannel();
    expect(await rig.serve(fake, 'x'.repeat(32 * 1024 + 1))).toBe(2);
    await turn();
    expect(fake.err()).toBe(
      ' !     The command is longer than 32 KB; split it, or use the gantry command, which has no such limit.\r\n',
    );
  });

  it('with a bug says so without saying more, and gives its place back', async () => {
    const rig = createRig(() => Promise.reject(new Error('secret')), 1);
    for (let nth = 0; nth < 2; nth += 1) {
      const fake = createFakeChannel();
      expect(await rig.serve(fake)).toBe(1);
      await turn();
      expect(fake.err()).toBe(
        ' !     The command failed because of a bug in the platform; its log says more.\r\n',
      );
    }
    expect(rig.complaints).toHaveLength(2);
    expect(rig.complaints[0]).toContain('secret');
  });
});
