import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { startFront, type Front, type Visitor } from './front.ts';
import { LIMITS, type SshLimits } from './limits.ts';

const WAIT = { timeout: 3_000, interval: 2 };
const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function open(limits: Partial<SshLimits> = {}): Promise<{ front: Front; visitors: Visitor[] }> {
  const visitors: Visitor[] = [];
  const front = await startFront({
    port: 0,
    log: quietLog(),
    limits: { ...LIMITS, ...limits },
    onVisitor: (visitor) => visitors.push(visitor),
  });
  opened.push(front);
  return { front, visitors };
}
interface Guest {
  readonly socket: Socket;
  readonly text: () => string;
  readonly closed: () => boolean;
}
async function visit(front: Front, localAddress = '127.0.0.1'): Promise<Guest> {
  const socket = connect({ port: front.port, host: '127.0.0.1', localAddress });
  let text = '';
  let closed = false;
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined); // being cut off is what these tests are about
  socket.once('close', () => (closed = true));
  opened.push({ [Symbol.asyncDispose]: () => Promise.resolve(void socket.destroy()) });
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, text: () => text, closed: () => closed };
}
/** One after the other, each arrived before the next one comes. */
async function visits(front: Front, visitors: Visitor[], count: number): Promise<Guest[]> {
  const guests: Guest[] = [];
  for (let n = 0; n < count; n += 1) {
    const before = visitors.length;
    guests.push(await visit(front));
    await vi.waitFor(() => expect(visitors.length).toBe(before + 1), WAIT);
  }
  return guests;
}
const moment = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a visitor', () => {
  it('who does not log in is cut off after the grace, one who does stays [S-GIT-01]', async () => {
    const { front, visitors } = await open({ loginGraceMs: 60 });
    const [silent, member] = await visits(front, visitors, 2);
    visitors[1]?.admit();
    await vi.waitFor(() => expect(silent?.closed()).toBe(true), WAIT);
    await moment();
    expect(member?.closed()).toBe(false);
  });

  it('is known by the remote end of the connection, while that is there', async () => {
    const { front, visitors } = await open();
    const [guest] = await visits(front, visitors, 1);
    const { remoteAddress = '', remotePort = 0 } = visitors[0]?.socket ?? {};
    expect(front.find(remoteAddress, remotePort)).toBe(visitors[0]);
    expect(visitors[0]?.source).toBe('127.0.0.1');
    guest?.socket.destroy();
    await vi.waitFor(() => expect(front.find(remoteAddress, remotePort)).toBeUndefined(), WAIT);
  });
});

describe('when the places are used up [S-GIT-02]', () => {
  /** The client has begun the key exchange, as far as can be seen from outside. */
  const begin = async ({ socket }: Guest, visitor: Visitor | undefined): Promise<void> => {
    socket.write(Buffer.alloc(300));
    visitor?.socket.resume();
    await vi.waitFor(() => expect(visitor?.socket.bytesRead).toBe(300), WAIT);
  };

  it('the oldest who only holds a place of the source open leaves, and nobody who has begun or logged in', async () => {
    const { front, visitors } = await open({ strangersPerSource: 3, beginMs: 0 });
    const [member] = await visits(front, visitors, 1);
    visitors[0]?.admit();
    const [begun, oldest, second] = await visits(front, visitors, 3);
    if (!begun) throw new Error('nobody came');
    await begin(begun, visitors[1]);
    const [third] = await visits(front, visitors, 1);
    await vi.waitFor(() => expect(oldest?.closed()).toBe(true), WAIT);
    expect(oldest?.text()).toContain('try again later');
    expect([member, begun, second, third].filter((guest) => guest?.closed() !== false)).toEqual([]);
  });

  it('of all strangers, the oldest of the heaviest source leaves', async () => {
    const { front, visitors } = await open({ strangers: 2, beginMs: 0 });
    const [oldest, second, third] = await visits(front, visitors, 3);
    await vi.waitFor(() => expect(oldest?.closed()).toBe(true), WAIT);
    expect([second?.closed(), third?.closed()]).toEqual([false, false]);
  });

  it('a newcomer waits for one who has begun, until that one has logged in or left', async () => {
    const { front, visitors } = await open({ strangersPerSource: 1, beginMs: 3_000 });
    const [first] = await visits(front, visitors, 1);
    const [second, third] = [await visit(front), await visit(front)];
    await moment();
    expect(visitors).toHaveLength(1);
    visitors[0]?.admit();
    await vi.waitFor(() => expect(visitors).toHaveLength(2), WAIT);
    visitors[1]?.socket.destroy();
    await vi.waitFor(() => expect(visitors).toHaveLength(3), WAIT);
    expect([first, second, third].map((guest) => guest?.closed())).toEqual([false, true, false]);
  });

  it('a newcomer waits no longer than that for one who does not begin', async () => {
    const { front, visitors } = await open({ strangersPerSource: 1, beginMs: 30 });
    const [silent] = await visits(front, visitors, 1);
    const late = await visit(front);
    await vi.waitFor(() => expect(visitors).toHaveLength(2), WAIT);
    await vi.waitFor(() => expect(silent?.closed()).toBe(true), WAIT);
    expect(late.closed()).toBe(false);
  });

  it('whoever waits for longer than a login may take, or finds too many waiting, is told so', async () => {
    const { front, visitors } = await open({ strangersPerSource: 1, waitingPerSource: 1, beginMs: 3_000 });
    await visits(front, visitors, 1);
    await visit(front);
    const late = await visit(front);
    await vi.waitFor(() => expect(late.closed()).toBe(true), WAIT);
    expect(late.text()).toContain('Too many connections from your address are logging in');
    expect(visitors).toHaveLength(1);
  });

  it('whoever is made to leave has not failed', async () => {
    const { front, visitors } = await open({ strangersPerSource: 1, beginMs: 0 });
    for (let n = 0; n < 8; n += 1) {
      await visits(front, visitors, 1);
      visitors.at(-1)?.triedKey();
    }
    expect(visitors).toHaveLength(8);
  });

  it('of all connections, the newest is told why it cannot stay', async () => {
    const { front, visitors } = await open({ connections: 1 });
    await visits(front, visitors, 1);
    const late = await visit(front);
    await vi.waitFor(() => expect(late.closed()).toBe(true), WAIT);
    expect(late.text()).toContain('try again later');
    expect(visitors).toHaveLength(1);
  });
});

describe('a source [S-GIT-03]', () => {
  /** Tries a key (or not) and leaves without a login. */
  async function fail(front: Front, visitors: Visitor[], tried: boolean): Promise<void> {
    const [guest] = await visits(front, visitors, 1);
    if (tried) visitors.at(-1)?.triedKey();
    const socket = visitors.at(-1)?.socket;
    guest?.socket.destroy();
    await vi.waitFor(() => expect(socket?.closed).toBe(true), WAIT);
  }

  it('whose keys failed five times is turned away, and no other one', async () => {
    const { front, visitors } = await open();
    for (let n = 0; n < 5; n += 1) await fail(front, visitors, true);
    const late = await visit(front);
    await vi.waitFor(() => expect(late.closed()).toBe(true), WAIT);
    expect(late.text()).toContain('Too many failed logins');
    await visit(front, '127.0.0.2');
    await vi.waitFor(() => expect(visitors.at(-1)?.source).toBe('127.0.0.2'), WAIT);
  });

  it('that tried no key has not failed', async () => {
    const { front, visitors } = await open();
    for (let n = 0; n < 7; n += 1) await fail(front, visitors, false);
    await visits(front, visitors, 1);
    expect(visitors).toHaveLength(8);
  });

  it('that logs in between starts over', async () => {
    const { front, visitors } = await open();
    for (let n = 0; n < 4; n += 1) await fail(front, visitors, true);
    await visits(front, visitors, 1);
    visitors.at(-1)?.admit();
    for (let n = 0; n < 4; n += 1) await fail(front, visitors, true);
    await visits(front, visitors, 1);
    expect(visitors).toHaveLength(10);
  });
});

describe('closing', () => {
  it('cuts who waits, and lets nobody in who did', async () => {
    const { front, visitors } = await open({ strangersPerSource: 1 });
    await visits(front, visitors, 1);
    const waiting = await visit(front);
    await front[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(waiting.closed()).toBe(true), WAIT);
    expect(visitors).toHaveLength(1);
  });

  it('takes nobody new and keeps who is there; disposal cuts everybody', async () => {
    const { front, visitors } = await open();
    const [guest] = await visits(front, visitors, 1);
    front.close();
    await expect(
      new Promise((resolve, reject) => {
        connect(front.port, '127.0.0.1').once('connect', resolve).once('error', reject);
      }),
    ).rejects.toThrow('ECONNREFUSED');
    expect(guest?.closed()).toBe(false);
    await front[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(guest?.closed()).toBe(true), WAIT);
  });

  it('cannot happen to a port that somebody else has: opening it fails', async () => {
    const { front } = await open();
    await expect(
      startFront({ port: front.port, log: quietLog(), limits: LIMITS, onVisitor: () => undefined }),
    ).rejects.toThrow('EADDRINUSE');
  });
});
