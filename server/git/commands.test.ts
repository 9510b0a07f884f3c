import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { OpenRepository } from '../services/pushes.ts';
import { watchClient } from './client.ts';
import { createGitCommands, type GitCommands } from './commands.ts';
import type { GitLimits } from './limits.ts';

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'gantry-git-commands-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const person = (userId: string): Actor => ({
  userId,
  email: `${userId}@example.com`,
  admin: false,
  scopes: ['global'],
});

/** Git for clients whose permission is given, or refused, when the test says so. */
const NO_LINE = { waitingPerActor: 0, waiting: 0 };

async function startRig(limits: Partial<GitLimits> = { commandsPerActor: 2, commands: 3, ...NO_LINE }) {
  const asked: { access: string; answer: (err: Error) => void }[] = [];
  const commands: GitCommands = await createGitCommands({
    ...{ hookSocket: join(home, 'hooks'), log: quietLog(), limits },
    pushes: {
      open: (_actor, _app, access, signal) =>
        new Promise((_resolve, reject) => {
          asked.push({ access, answer: reject });
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        }),
      receive: () => Promise.reject(new Error('not asked for')),
    },
  });
  return {
    ...{ asked, commands },
    run(userId: string, program: 'receive-pack' | 'upload-pack' = 'upload-pack') {
      const [input, output, errors, socket] = [0, 1, 2, 3].map(() => new PassThrough()) as [
        PassThrough,
        PassThrough,
        PassThrough,
        PassThrough,
      ];
      const client = watchClient({ input, output, errors, socket, backlog: () => 0 });
      const call = {
        actor: person(userId),
        app: 'one',
        program,
        turn: 'whole',
        protocol: undefined,
      } as const;
      const done = commands.run(call, client);
      done.catch(() => undefined); // looked at where it matters
      return { done, leave: () => void socket.destroy() };
    },
    [Symbol.asyncDispose]: () => commands[Symbol.asyncDispose](),
  };
}

const FULL = { id: 'too_many_git_commands' };
const REFUSAL = PlatformError.of('not_found', { resource: 'app', name: 'one' });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('git for a client', () => {
  it('is asked for with the access its program needs', async () => {
    await using rig = await startRig();
    const calls = [rig.run('ann', 'upload-pack'), rig.run('ann', 'receive-pack')];
    expect(rig.asked.map(({ access }) => access)).toEqual(['read', 'write']);
    for (const { answer } of rig.asked) answer(REFUSAL);
    for (const { done } of calls) await expect(done).rejects.toBe(REFUSAL);
  });

  it('runs so often for one person and not once more; for others it does', async () => {
    await using rig = await startRig();
    const [first] = [rig.run('ann'), rig.run('ann')];
    await expect(rig.run('ann').done).rejects.toMatchObject(FULL);
    rig.run('bob');
    expect(rig.asked).toHaveLength(3);
    rig.asked[0]?.answer(REFUSAL);
    await expect(first.done).rejects.toBe(REFUSAL);
    rig.run('ann');
    expect(rig.asked).toHaveLength(4);
  });

  it('runs so often for all together', async () => {
    await using rig = await startRig();
    for (const who of ['ann', 'bob', 'carol']) rig.run(who);
    await expect(rig.run('dave').done).rejects.toMatchObject(FULL);
    expect(rig.asked).toHaveLength(3);
  });

  it('counts against all, and no longer against the person, when its client has left', async () => {
    await using rig = await startRig({ commandsPerActor: 1, commands: 2, ...NO_LINE });
    const left = rig.run('ann');
    left.leave();
    await turn();
    const second = rig.run('ann');
    expect(rig.asked).toHaveLength(2);
    await expect(rig.run('bob').done).rejects.toMatchObject(FULL);
    rig.asked[0]?.answer(REFUSAL);
    await expect(left.done).rejects.toBe(REFUSAL);
    await expect(rig.run('ann').done, 'given back once').rejects.toMatchObject(FULL);
    rig.run('bob');
    expect(rig.asked).toHaveLength(3);
    rig.asked[1]?.answer(REFUSAL);
    await expect(second.done).rejects.toBe(REFUSAL);
  });

  it('begins when a place becomes free, first come, first served', async () => {
    await using rig = await startRig({ commandsPerActor: 1, commands: 2 });
    const first = rig.run('ann');
    const [second, third] = [rig.run('ann', 'receive-pack'), rig.run('ann')];
    expect(rig.asked).toHaveLength(1);
    rig.asked[0]?.answer(REFUSAL);
    await expect(first.done).rejects.toBe(REFUSAL);
    await turn();
    expect(rig.asked.map(({ access }) => access)).toEqual(['read', 'write']);
    rig.asked[1]?.answer(REFUSAL);
    await expect(second.done).rejects.toBe(REFUSAL);
    await turn();
    expect(rig.asked).toHaveLength(3);
    rig.asked[2]?.answer(REFUSAL);
    await expect(third.done).rejects.toBe(REFUSAL);
  });

  it('that waits holds up nobody else, and starts nothing when its client leaves', async () => {
    await using rig = await startRig({ commandsPerActor: 1, commands: 2 });
    const first = rig.run('ann');
    const left = rig.run('ann');
    rig.run('bob');
    expect(rig.asked).toHaveLength(2);
    left.leave();
    expect(await left.done).toBe(128);
    rig.asked[0]?.answer(REFUSAL);
    await expect(first.done).rejects.toBe(REFUSAL);
    await turn();
    expect(rig.asked).toHaveLength(2);
  });

  it('that waits too long, or when the platform ends, is refused with a sentence', async () => {
    const rig = await startRig({ commandsPerActor: 1, waitMs: 5 });
    const first = rig.run('ann');
    await expect(rig.run('ann').done).rejects.toMatchObject(FULL);
    const patient = await startRig({ commandsPerActor: 1 });
    patient.run('ann');
    const waiting = patient.run('ann');
    await patient[Symbol.asyncDispose]();
    await expect(waiting.done).rejects.toMatchObject({ id: 'restarting' });
    expect(patient.asked).toHaveLength(1);
    await rig[Symbol.asyncDispose]();
    await expect(first.done).rejects.toMatchObject({ id: 'restarting' });
  });

  it('is over when the platform ends, and taken no more then', async () => {
    const rig = await startRig();
    const running = rig.run('ann');
    const closing = rig.commands[Symbol.asyncDispose]();
    await expect(running.done).rejects.toMatchObject({ id: 'restarting' });
    await expect(rig.run('ann').done).rejects.toMatchObject({ id: 'restarting' });
    expect(rig.asked).toHaveLength(1);
    await closing;
  });
});

describe('a client that left while it was asked whether it may', () => {
  it('has nothing started for it', async () => {
    let left = 0;
    let allow: (open: OpenRepository) => void = () => undefined;
    await using commands = await createGitCommands({
      ...{ hookSocket: join(home, 'hooks'), log: quietLog() },
      pushes: {
        open: () => new Promise((resolve) => (allow = resolve)),
        receive: () => Promise.reject(new Error('not asked for')),
      },
    });
    const stream = new PassThrough();
    const client = watchClient({
      input: stream,
      output: stream,
      errors: stream,
      socket: stream,
      backlog: () => 0,
    });
    let allowed = false;
    const call = {
      actor: person('ann'),
      app: 'one',
      program: 'upload-pack',
      turn: 'whole',
      protocol: undefined,
    } as const;
    const done = commands.run({ ...call, onAllowed: () => void (allowed = true) }, client);
    stream.destroy();
    await turn();
    allow({ appId: 'one', path: '/nonexistent', leave: () => void (left += 1) });
    expect(await done).toBe(128);
    expect(allowed).toBe(false);
    expect(left, 'and nothing is held for it').toBe(1);
  });
});
