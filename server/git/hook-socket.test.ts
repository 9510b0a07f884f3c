import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Offer, Pushes } from '../services/pushes.ts';
import { listenForHooks, type PushHook } from './push-hook.ts';

const ANN: Actor = { userId: 'ann', email: 'ann@example.com', admin: false, scopes: ['global'] };
const TO = 'a'.repeat(40);
let home: string;
let repository: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gantry-hook-'));
  repository = join(home, 'one.git');
  mkdirSync(join(repository, 'objects'), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

type Receive = Pushes['receive'];

/** A door for hooks, with a push it waits for. */
async function startRig(receive: Receive) {
  const stop = new AbortController();
  const pushes: Pushes = { open: () => Promise.reject(new Error('not asked for')), receive };
  const socket = join(home, 'hooks');
  const hook: PushHook = await listenForHooks({ socket, pushes, log: quietLog() }, stop.signal);
  const steps: string[] = [];
  let congested = false;
  return {
    ...{ hook, stop, steps, socket },
    congest: (is: boolean) => void (congested = is),
    expect: () =>
      hook.expect({
        ...{ actor: ANN, app: 'one', appId: 'one-id', repository },
        onStarted: () => void steps.push('started'),
        onEnded: () => void steps.push('ended'),
        congested: () => congested,
      }),
    /** What a hook is answered, line by line; undefined: it was hung up on without an answer. */
    ask: (question: unknown) => say(socket, `${JSON.stringify(question)}\n`),
    async [Symbol.asyncDispose]() {
      await hook[Symbol.asyncDispose]();
    },
  };
}

function say(socket: string, text: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const client = connect(socket);
    let heard = '';
    client.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    client.on('error', reject);
    client.on('close', () =>
      resolve(
        heard
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as unknown),
      ),
    );
    client.write(text);
  });
}

const asking = (token: string, more: object = {}): object => ({
  ...{ token, updates: [{ ref: 'refs/heads/main', from: '0'.repeat(40), to: TO }], objects: null },
  ...more,
});
const accept: Receive = () => Promise.resolve(true);

describe('a hook', () => {
  it('is answered what the push says, line by line, and whether the refs may move', async () => {
    for (const accepted of [true, false]) {
      await using rig = await startRig((_actor, _app, { say: tell }) => {
        tell('-----> Building\nmore \u001b[31mred');
        return Promise.resolve(accepted);
      });
      const { token } = rig.expect();
      const heard = await rig.ask(asking(token));
      expect(heard.slice(0, -1).join('\n')).toMatch(/^-----> Building\nmore .*red$/);
      expect(heard.join('')).not.toContain('\u001b');
      expect(heard.at(-1)).toEqual({ exit: accepted ? 0 : 1 });
      expect(rig.steps).toEqual(['started', 'ended']);
    }
  });

  it('pushes for the person and the app of its token, and as git says it: a zero id is none', async () => {
    const asked: unknown[] = [];
    await using rig = await startRig((actor, appId, offer) => {
      asked.push(actor, appId, offer.updates, offer.quarantine);
      return Promise.resolve(true);
    });
    await rig.ask(asking(rig.expect().token));
    expect(asked).toEqual([
      ...[ANN, 'one-id', [{ ref: 'refs/heads/main', from: null, to: TO }]],
      { objects: join(repository, 'objects') },
    ]);
  });

  it('is turned away without a token, with a used one, and with one whose push is over', async () => {
    await using rig = await startRig(accept);
    const { token } = rig.expect();
    const over = rig.expect();
    over.forget();
    for (const wrong of ['', 'x', over.token]) expect(await rig.ask(asking(wrong))).toEqual([]);
    expect(rig.steps).toEqual([]);
    expect(await rig.ask(asking(token))).toEqual([{ exit: 0 }]);
    expect(await rig.ask(asking(token))).toEqual([]);
    expect(rig.steps).toEqual(['started', 'ended']);
  });

  it('is turned away when it asks nothing that makes sense', async () => {
    await using rig = await startRig(accept);
    const { token } = rig.expect();
    expect(await say(rig.socket, 'not json\n')).toEqual([]);
    for (const more of [
      { updates: [] },
      { updates: [{ ref: 'refs/heads/main', from: 'x', to: TO }] },
      { objects: 7 },
    ])
      expect(await rig.ask(asking(token, more))).toEqual([]);
    expect(rig.steps, 'and its token is still good').toEqual([]);
    expect(await rig.ask(asking(token))).toEqual([{ exit: 0 }]);
  });

  it('that asks without an end is turned away before it fills the memory', async () => {
    await using rig = await startRig(accept);
    expect(await say(rig.socket, 'x'.repeat(5 * 1024 * 1024)).catch(() => [])).toEqual([]);
  });

  it('may name the folder git has put new objects into, and no other', async () => {
    const named: unknown[] = [];
    await using rig = await startRig((_actor, _app, { quarantine }: Offer) => {
      named.push(quarantine.objects);
      return Promise.resolve(true);
    });
    const good = `${repository}/./objects/tmp_objdir-incoming-aB3x9Z`;
    expect(await rig.ask(asking(rig.expect().token, { objects: good }))).toEqual([{ exit: 0 }]);
    for (const objects of [
      `${repository}/objects`,
      `${repository}/objects/tmp_objdir-incoming-`,
      `${repository}/objects/tmp_objdir-incoming-a/b`,
      `${repository}/objects/../tmp_objdir-incoming-a`,
      '/tmp/other.git/objects/tmp_objdir-incoming-a',
    ])
      expect((await rig.ask(asking(rig.expect().token, { objects }))).at(-1)).toEqual({ exit: 1 });
    expect(named).toEqual([join(repository, 'objects', 'tmp_objdir-incoming-aB3x9Z')]);
  });

  it('is refused refs that no app takes, before anything is built', async () => {
    await using rig = await startRig(() => Promise.reject(new Error('not to be asked')));
    const updates = [{ ref: 'refs/notes/x', from: '0'.repeat(40), to: TO }];
    const heard = await rig.ask(asking(rig.expect().token, { updates }));
    expect(heard).toEqual([expect.stringMatching(/^ ! {5}.*is not a branch or tag name/), { exit: 1 }]);
  });

  it('hears the sentence of a failure that is known, and of a bug only where to look', async () => {
    const failures = [PlatformError.of('push_refused', { reason: 'it is Friday' }), new Error('secret')];
    await using rig = await startRig(() => Promise.reject(failures.shift() ?? new Error('too often')));
    const [known, bug] = [
      await rig.ask(asking(rig.expect().token)),
      await rig.ask(asking(rig.expect().token)),
    ];
    expect(known).toEqual([expect.stringContaining('it is Friday'), { exit: 1 }]);
    expect(bug).toEqual([expect.stringMatching(/\([0-9a-f]{8}\)$/), { exit: 1 }]);
    expect(JSON.stringify(bug)).not.toContain('secret');
  });
});

describe('a client that reads more slowly than the build speaks', () => {
  it('misses lines in the middle, is told how many, and hears the end', async () => {
    await using rig = await startRig((_actor, _app, { say: tell }) => {
      tell('first');
      rig.congest(true);
      for (let nth = 1; nth <= 50; nth += 1) tell(`line ${nth}`);
      rig.congest(false);
      tell('later');
      rig.congest(true);
      tell('last\nof all');
      return Promise.resolve(true);
    });
    const heard = await rig.ask(asking(rig.expect().token));
    expect(heard).toEqual([
      'first',
      '       [30 lines left out: the connection is slower than the build]',
      ...Array.from({ length: 20 }, (_, n) => `line ${31 + n}`),
      ...['later', 'last', 'of all', { exit: 0 }],
    ]);
  });
});

describe('the door for hooks', () => {
  it('is open to its owner only, and takes the place of one that was left behind', async () => {
    await using first = await startRig(accept);
    expect(statSync(first.socket).mode & 0o777).toBe(0o600);
    await using second = await startRig(accept);
    expect(await second.ask(asking(second.expect().token))).toEqual([{ exit: 0 }]);
  });

  it('that closes cuts hooks off, which then refuse their pushes', async () => {
    let asked = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (asked = resolve));
    const rig = await startRig(() => {
      asked();
      return new Promise(() => undefined);
    });
    const heard = rig.ask(asking(rig.expect().token));
    await waiting;
    await rig.hook[Symbol.asyncDispose]();
    expect(await heard).toEqual([]);
  });

  it('that is closing says yes to nobody any more, and no sentence of its own', async () => {
    await using rig = await startRig(() => {
      rig.stop.abort(new Error('restarting'));
      return Promise.resolve(true);
    });
    expect(await rig.ask(asking(rig.expect().token))).toEqual([]);
    await using other = await startRig(() => {
      other.stop.abort(new Error('restarting'));
      return Promise.reject(new Error('restarting'));
    });
    expect(await other.ask(asking(other.expect().token))).toEqual([]);
  });
});
