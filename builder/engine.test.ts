import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createEngine } from './engine.ts';

const signal = new AbortController().signal;

describe('a build engine that is not there', () => {
  const engine = createEngine('/nonexistent/engine.sock', 'registry:1');

  it('does not answer', async () => {
    expect(await engine.ping(signal)).toBe(false);
  });

  it('fails every call in a way that may be tried again', async () => {
    const build = {
      context: Readable.from([]),
      dockerfile: 'Dockerfile',
      tag: 'x',
      args: {},
      secrets: new Map<string, Buffer>(),
      id: 'x',
    };
    await expect(engine.build(build, () => undefined, signal)).rejects.toMatchObject({
      id: 'engine_away',
      retry: true,
    });
    await expect(
      engine.build({ ...build, secrets: new Map([['a', Buffer.from('b')]]) }, () => undefined, signal),
    ).rejects.toMatchObject({ id: 'engine_away' });
    await expect(engine.inspect('x', signal)).rejects.toMatchObject({ id: 'engine_away' });
    await expect(engine.push('x', 'y', 'z', signal)).rejects.toMatchObject({ id: 'engine_away' });
  });
});
