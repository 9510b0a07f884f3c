import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployment, release } from '../../server/contract/resources.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor({ keepAliveMs: 20 });
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

describe('the transcript of a release', () => {
  const pathOf = async (version: number): Promise<string> => {
    const answer = await door.call('GET', `/apps/demo/releases/${version}/deployment`);
    return deployment.parse(answer.body).output_stream_url.replace(/^http:\/\/[^/]+/, '');
  };

  it('is streamed until its deployment is decided, silence filled with NUL', async () => {
    door.world.outcome = 'never';
    const made = await door.call('POST', '/apps/demo/releases', { body: { release: null } });
    expect(made.status).toBe(422);
    const change = await door.call('PATCH', '/apps/demo/config-vars', { body: { A: '1' } });
    expect(change.headers['gantry-release']).toBe('3');
    const pending = release.parse((await door.call('GET', '/apps/demo/releases/3')).body);
    expect(change.headers).toMatchObject({
      'gantry-release-id': pending.id,
      'gantry-app-id': pending.app.id,
    });
    const res = await fetch(door.url + (await pathOf(3)));
    const demo = door.world.apps.get('demo');
    const [running] = demo?.deployments ?? [];
    let text = '';
    for await (const chunk of res.body as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if (!text.includes('\0') || !demo || !running) continue;
      door.world.decide(demo, running, 'succeeded', null);
    }
    expect(text).toMatch(/^Starting v3 …\n\0+Live\.\n/);
  });

  it('is not there for a release that had nothing to deploy, nor for one that is gone', async () => {
    expect((await door.call('GET', '/apps/demo/releases/1/deployment')).status).toBe(404);
    expect((await door.call('GET', await pathOf(2), { token: null })).status).toBe(200);
    door.world.memory.deployments.clear();
    expect((await door.call('GET', '/apps/demo/releases/2/deployment')).status).toBe(404);
  });

  it('is what a client of the Platform API is shown where there is a release command, and else none', async () => {
    const { releases } = door.world.memory;
    const [id, second] = [...releases].find(([, one]) => one.version === 2) ?? [];
    const shown = async () => release.parse((await door.call('GET', '/apps/demo/releases/2')).body);
    expect((await shown()).output_stream_url).toBeNull();
    if (id === undefined || !second?.image) throw new Error('demo has a release that runs');
    const processes = { ...second.image.processes, release: { command: 'migrate', argv: null } };
    releases.set(id, { ...second, image: { ...second.image, processes } });
    const path = (await shown()).output_stream_url?.replace(/^http:\/\/[^/]+/, '') ?? '';
    expect((await door.call('GET', path, { token: null })).text).toContain('Live.');
    door.world.memory.deployments.clear();
    expect((await door.call('GET', path, { token: null })).status).toBe(404);
  });
});
