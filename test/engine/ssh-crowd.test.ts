import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Console } from '../../server/ports/console.ts';
import { openGitDoor, type GitDoor, type GitDoorOptions } from '../support/git-door.ts';
import { until } from '../support/until.ts';

const ALICE = 'alice@example.com';
/** An office, or a CI, behind one address. */
const CROWD = 55;

const doors: GitDoor[] = [];
afterEach(async () => {
  for (const door of doors.splice(0)) await door[Symbol.asyncDispose]();
});
async function open(options?: GitDoorOptions): Promise<{ door: GitDoor; key: string; tree: string }> {
  const door = await openGitDoor(options);
  doors.push(door);
  await door.addApp('hello', ALICE);
  const [key, tree] = [await door.addKey(ALICE), await door.workTree()];
  return { door, key, tree };
}
const crowd = <T>(one: () => Promise<T>, size = CROWD): Promise<T[]> =>
  Promise.all(Array.from({ length: size }, one));

describe('many clients of one person at one address at once', () => {
  it(`${CROWD} fetches with the real git all succeed, also where few may run at a time`, async () => {
    const { door, key, tree } = await open({ limits: { strangersPerSource: 4, commandsPerActor: 2 } });
    expect((await door.git(key, ['push', door.url('hello'), 'HEAD:refs/heads/main'], tree)).code).toBe(0);
    const outcomes = await crowd(() => door.git(key, ['ls-remote', door.url('hello')]));
    expect(outcomes.filter(({ code }) => code !== 0)).toEqual([]);
  });

  it(`${CROWD} logins with the real ssh all succeed, also where few may log in at a time`, async () => {
    const { door, key } = await open({ limits: { strangersPerSource: 4 } });
    const outcomes = await crowd(() => door.ssh(key, ['git@127.0.0.1']));
    expect(outcomes.filter(({ code, stdout }) => code !== 0 || stdout !== 'Hi alice\n')).toEqual([]);
  });

  it('one connection too many is told so, whatever it asks for, and leaves with a failure', async () => {
    const { door, key } = await open({ limits: { connectionsPerActor: 0 } });
    const sentence = 'You have 0 connections already, which is the most; close one and retry.';
    const fetched = await door.git(key, ['ls-remote', door.url('hello')]);
    expect([fetched.code, fetched.stderr]).toEqual([128, expect.stringContaining(sentence)]);
    const shell = await door.ssh(key, ['git@127.0.0.1']);
    expect([shell.code, shell.stderr]).toEqual([1, expect.stringContaining(sentence)]);
  });

  it('a client of a shared connection that has all its channels in use logs in by itself', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const lines: string[] = [];
    const console: Console = {
      async run(_caller, line, { output }) {
        lines.push(line);
        if (line === 'hold') await held;
        else output.write('Hi alice\n');
        return 0;
      },
    };
    const { door, key } = await open({ console, limits: { channelsPerConnection: 1 } });
    const path = ['-o', `ControlPath=${join(door.home, 'shared')}`];
    const master = spawn('ssh', [...door.sshArgs(key), ...path, '-M', 'git@127.0.0.1', 'hold'], {
      stdio: 'ignore',
    });
    try {
      await until(() => Promise.resolve(lines.includes('hold')), 20_000);
      const second = await door.ssh(key, [...path, 'git@127.0.0.1']);
      expect([second.code, second.stdout]).toEqual([0, 'Hi alice\n']);
      expect(second.stderr).toContain('refused');
    } finally {
      release();
      await new Promise((resolve) => master.once('close', resolve));
    }
    expect(lines).toEqual(['hold', '']);
  });
});

describe('a client that cannot even wait', () => {
  it.each([
    ['of all connections', { connections: 0 }, 'The server has as many connections as it can take'],
    [
      'of those that wait for their login',
      { strangersPerSource: 0, waitingPerSource: 0 },
      'Too many connections from your address are logging in',
    ],
    [
      'whose turn does not come',
      { strangersPerSource: 0, loginGraceMs: 100 },
      'Too many connections from your address are logging in',
    ],
  ])('because there are too many %s is told so by its own ssh', async (_, limits, sentence) => {
    const { door, key } = await open({ limits });
    const { code, stderr } = await door.git(key, ['ls-remote', door.url('hello')]);
    expect(code).toBe(128);
    expect(stderr).toContain(`${sentence}; try again later.`);
  });
});
