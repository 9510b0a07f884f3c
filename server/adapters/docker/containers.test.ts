import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { newApp, specOf } from '../../../test/support/engine-rig.ts';
import { createDockerClient } from './client.ts';
import { conditionOf, inspection } from './container.ts';
import { createContainers, refusalReason } from './containers.ts';
import type { Observer } from './observe.ts';

describe("the engine's refusal to start a container", () => {
  it.each([
    [
      'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ' +
        'error setting cgroup config for procHooks process: no space left on device: unknown',
      'error setting cgroup config for procHooks process: no space left on device: unknown',
    ],
    [
      'unable to find user ghost: no matching entries in passwd file',
      'unable to find user ghost: no matching entries in passwd file',
    ],
    ['the working directory "x" is invalid.\n', 'the working directory "x" is invalid'],
  ])('is told without the layers it came through (%#)', (words, reason) => {
    expect(refusalReason(words)).toBe(reason);
  });

  it('is kept to one line of bearable length', () => {
    const reason = refusalReason(`bad\nthings\n${'x'.repeat(2_000)}`);
    expect(reason).toHaveLength(300);
    expect(reason).toMatch(/^bad things x/);
  });
});

const GHOST = 'unable to find user ghost: no matching entries in passwd file';
const NO_ADDRESS = "no available IPv4 addresses on this network's address pools: gantry-t1-a (59bf54c7685a)";
const IMAGE = {
  repository: 'apps/a',
  digest: `sha256:${'0'.repeat(64)}`,
  storedBytes: 0,
  builder: 'dockerfile',
  processes: {},
  port: null,
  checks: {},
};

describe('an instance that the engine does not start', () => {
  /** Starts an instance on an engine that answers so to making it and to starting it. */
  async function startOn(
    answers: { readonly create?: number; readonly start?: number; readonly words?: string },
    look: Observer['look'] = () => Promise.resolve(undefined),
  ): Promise<void> {
    const server = createServer((req, res) => {
      const status = (req.url?.includes('/create') ? answers.create : answers.start) ?? 201;
      req.resume();
      res.writeHead(status, { 'content-type': 'application/json' });
      res.end(JSON.stringify(status < 300 ? { Id: 'x' } : { message: answers.words ?? 'no' }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const client = createDockerClient(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const observer: Pick<Observer, 'look'> = { look };
      const containers = createContainers(client, observer, 't1');
      await containers.start(specOf(newApp(1), IMAGE), 'registry/apps/a', new AbortController().signal);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it.each([
    ['a user that is not there', { start: 500, words: GHOST }],
    ['what the engine calls a wrong request', { start: 400, words: 'starting container process caused: x' }],
    [
      'a working directory that is a file',
      { create: 500, words: 'Cannot mkdir: /etc/passwd is not a directory' },
    ],
    [
      'a program that is not there',
      { start: 500, words: 'OCI runtime create failed: exec: "x": executable file not found in $PATH' },
    ],
  ])('is refused for good: %s', async (_, answers) => {
    await expect(startOn(answers)).rejects.toMatchObject({ id: 'start_refused', retry: false });
  });

  it.each([
    ['no free address', { start: 500, words: NO_ADDRESS }],
    ['an address in use', { start: 500, words: 'Address already in use' }],
    ['a shim that is late', { start: 500, words: 'failed to create shim: context deadline exceeded' }],
    [
      'a runtime that was killed',
      {
        start: 500,
        words:
          'OCI runtime create failed: unable to retrieve OCI runtime error (open /run/x/log.json: no such file or directory): runc did not terminate successfully',
      },
    ],
    ['a network that is away', { start: 404, words: 'network gantry-t1-a not found' }],
    ['a full disk', { create: 500, words: 'no space left on device' }],
    ['a name that is still taken, or a stranger’s', { create: 409 }],
  ])('may be tried again: %s', async (_, answers) => {
    await expect(startOn(answers)).rejects.toMatchObject({ id: 'start_failed', retry: true });
  });

  it('may be tried again while the one of the same name is on its way out', async () => {
    const started = startOn({ create: 409 }, () => Promise.resolve('removing'));
    await expect(started).rejects.toMatchObject({ id: 'start_failed' });
  });

  it.each([
    ['crashed', GHOST, 128],
    ['crashed', 'OCI runtime create failed', 127],
    ['created', NO_ADDRESS, 128],
    ['created', '', 0],
  ])('is found as %s after "%s"', (state, Error, ExitCode) => {
    const never = '0001-01-01T00:00:00Z';
    const found = inspection.parse({
      Name: '/x',
      Created: '2026-01-01T00:00:00Z',
      Config: {},
      State: { Status: 'created', StartedAt: never, FinishedAt: never, ExitCode, OOMKilled: false, Error },
    });
    expect(conditionOf(found).state).toBe(state);
  });
});
