import { beforeEach, describe, expect, it, vi } from 'vitest';
import { pause } from '../lib/deadline.ts';
import { quietLog } from '../lib/log.ts';
import { createFakeBuildEngine, type FakeBuildEngine } from '../test/support/fake-build-engine.ts';
import { createPushes, type Pushes } from './pushes.ts';
import type { AskRegistry } from './registry-call.ts';
import { createRegistryImages } from './registry-images.ts';
import { createStackLayers, type StackLayers } from './stack-layers.ts';

const patient = new AbortController().signal;
const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
/** A stack as the engine names it, and the tag that is made of that. */
const STACK = digestOf('1');
const TAG = '1'.repeat(16);
/** The same as the registry names it. */
const IMAGE = digestOf('a');
const LAYER = digestOf('b');
const target = { repository: 'gantry/stack', token: 'push' };

/** Answers as a registry does that has these images, by tag, in one repository. */
function registryOf(tags: Map<string, string>): { ask: AskRegistry; asked: string[] } {
  const asked: string[] = [];
  const missing = (): Response => new Response('{}', { status: 404 });
  const ask: AskRegistry = ({ method, path }) => {
    const reference = path.split('/').at(-1) ?? '';
    asked.push(`${method} ${reference}`);
    if (method === 'POST') return Promise.resolve(new Response('', { status: 201 }));
    if (path.includes('/tags/list')) return Promise.resolve(Response.json({ tags: [...tags.keys()] }));
    const digest = tags.get(reference) ?? [...tags.values()].find((one) => one === reference);
    if (digest === undefined) return Promise.resolve(missing());
    if (method === 'DELETE') for (const [tag, one] of tags) if (one === digest) tags.delete(tag);
    const body = method === 'GET' ? JSON.stringify({ layers: [{ digest: LAYER }] }) : null;
    return Promise.resolve(new Response(body, { headers: { 'docker-content-digest': digest } }));
  };
  return { ask, asked };
}

let tags: Map<string, string>;
let asked: string[];
let ask: AskRegistry;
let engine: FakeBuildEngine;
let layers: StackLayers;
let pushes: Pushes;
beforeEach(() => {
  pushes = createPushes();
  tags = new Map();
  ({ ask, asked } = registryOf(tags));
  engine = createFakeBuildEngine();
  engine.goes.push = (_name, tag) => {
    tags.set(tag, IMAGE);
    return Promise.resolve(IMAGE);
  };
  layers = newBuilder();
});

function newBuilder(): StackLayers {
  const images = createRegistryImages(ask);
  const deps = { ask, images, pushes, engineRegistry: 'registry:5000', log: quietLog() };
  return createStackLayers({ engine, ...deps });
}

const unexpected = (): void => {
  throw new Error('it waits');
};
const pushesMade = (): number => engine.calls.filter((call) => call.startsWith('push ')).length;
const publish = (stack = STACK): Promise<void> => layers.publish(stack, target, patient);

describe('the stack', () => {
  it('is pushed to a registry that does not have it, and its name in the engine goes again', async () => {
    await publish();
    expect(engine.calls).toEqual([
      `tag ${STACK} registry:5000/gantry/stack:${TAG}`,
      `push registry:5000/gantry/stack:${TAG} with push`,
      `remove registry:5000/gantry/stack:${TAG}`,
    ]);
  });

  it('costs one question when the registry has it, however often it is asked for', async () => {
    await publish();
    asked.length = 0;
    await publish();
    await publish();
    expect(asked).toEqual([`GET ${TAG}`, `GET ${TAG}`]);
    expect(pushesMade()).toBe(1);
  });

  it('is not pushed again by a builder that was started anew, which lends its layers all the same', async () => {
    await publish();
    layers = newBuilder();
    await publish();
    expect(pushesMade()).toBe(1);
    asked.length = 0;
    await layers.lend({ repository: 'apps/x', token: 'x' }, unexpected, patient);
    expect(asked).toEqual([`POST ?mount=${encodeURIComponent(LAYER)}&from=gantry%2Fstack`]);
  });

  it('is neither lent nor rid of earlier ones while the registry is held, and says so', async () => {
    await publish();
    const said: string[] = [];
    await pushes.hold(async () => {
      asked.length = 0;
      void layers.lend({ repository: 'apps/x', token: 'x' }, () => said.push('waits'), patient);
      await pause(5, patient);
      said.push(`asked ${asked.length} times`);
    }, 1_000);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    expect(said).toEqual(['waits', 'asked 0 times']);

    tags.set('0'.repeat(16), digestOf('c'));
    layers = newBuilder();
    let published: Promise<void> | undefined;
    await pushes.hold(async () => {
      published = publish();
      await pause(5, patient);
      expect([...tags.keys()]).toEqual([TAG, '0'.repeat(16)]);
    }, 1_000);
    await published;
    expect([...tags.keys()]).toEqual([TAG]);
  });

  it('is pushed again when the registry has lost it', async () => {
    await publish();
    tags.clear();
    await publish();
    expect([pushesMade(), tags.get(TAG)]).toEqual([2, IMAGE]);
  });

  it('takes the place of an earlier one, which is deleted', async () => {
    tags.set('0'.repeat(16), digestOf('c'));
    await publish();
    expect([...tags]).toEqual([[TAG, IMAGE]]);
  });

  it('is not pushed when the registry does not say whether it has it', async () => {
    ask = () => Promise.resolve(new Response('no', { status: 500 }));
    layers = newBuilder();
    await expect(publish()).rejects.toThrow('the registry answered 500');
    expect(engine.calls).toEqual([]);
  });
});
