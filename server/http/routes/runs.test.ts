import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../../../test/support/fake-door.ts';
import { sampleKey } from '../../../test/support/sample-keys.ts';
import { authorization } from '../../contract/identity-resources.ts';
import { dyno, type DynoResource } from '../../contract/resources.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

const order = (body: object) => door.call('POST', '/apps/demo/dynos', { body });
const dynos = async (): Promise<DynoResource[]> =>
  dyno.array().parse((await door.call('GET', '/apps/demo/dynos')).body);

describe('a one-off process', () => {
  it('that is attached is met where the client reached us, at the port for that', async () => {
    const answer = await order({
      attach: true,
      command: 'bash',
      env: { TERM: 'xterm', COLUMNS: 120, X: null },
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      ...{
        name: expect.stringMatching(/^run\.\d{4}$/) as string,
        type: 'run',
        command: 'bash',
        state: 'starting',
        size: 'small',
      },
      attach_url: expect.stringMatching(/^rendezvous:\/\/127\.0\.0\.1:7002\/[0-9a-f]{48}$/) as string,
    });
    const [made] = door.world.runs.created;
    expect(made?.spec).toMatchObject({ command: 'bash', tty: true, attached: true });
    expect([...(made?.spec.env ?? [])]).toEqual([
      ['TERM', 'xterm'],
      ['COLUMNS', '120'],
    ]);
  });

  it('has no terminal when none is wanted, and no place to meet it when it is detached', async () => {
    expect((await order({ command: 'true', force_no_tty: true, attach: true })).status).toBe(201);
    expect(
      (await order({ command: 'sleep 1', force_no_tty: null, size: 'small', type: 'run' })).body,
    ).toMatchObject({
      ...{ attach_url: null, state: 'up' },
    });
    expect(door.world.runs.created.map(({ spec }) => spec.tty)).toEqual([false, false]);
  });

  it('is listed beside the instances, shown, and stopped by name or id', async () => {
    for (const command of ['one', 'two', 'three']) await order({ command });
    const named = async (): Promise<string[]> => (await dynos()).map(({ command }) => command);
    const [web, one, two] = await dynos();
    expect((await named()).toSorted()).toEqual([web?.command, 'one', 'three', 'two'].toSorted());
    const shown = await door.call('GET', `/apps/demo/dynos/${one?.name ?? ''}`);
    expect(shown.body).toEqual(one);
    const stopped = await door.call('POST', `/apps/demo/dynos/${one?.name ?? ''}/actions/stop`);
    expect(stopped).toMatchObject({ status: 202, body: {} });
    expect((await door.call('DELETE', `/apps/demo/dynos/${two?.id ?? ''}`)).status).toBe(202);
    expect(await dynos()).toHaveLength(2);
    expect((await door.call('POST', '/apps/demo/formations/run/actions/stop')).status).toBe(202);
    expect((await dynos()).map(({ name }) => name)).toEqual(['web.1']);
  });

  it('has the size of its terminal before the command begins', async () => {
    await order({ command: 'top', attach: true, env: { COLUMNS: '77', LINES: '33' } });
    await order({ command: 'top', attach: true, force_no_tty: true, env: { COLUMNS: '77', LINES: '33' } });
    expect(door.world.runs.created.map(({ spec }) => spec.argv?.at(-1))).toEqual([
      'stty rows 33 cols 77 2>/dev/null; top',
      'top',
    ]);
    // The window may be resized, which programs do not see that believe the environment.
    const [onTerminal, without] = door.world.runs.created.map(({ spec }) => [...spec.env.keys()]);
    expect([onTerminal, without]).toEqual([[], ['COLUMNS', 'LINES']]);
  });

  it('may stand for a process type that is there, and for no other', async () => {
    expect((await order({ command: 'true', type: 'web' })).status).toBe(201);
    expect(await order({ command: 'true', type: '../..' })).toMatchObject({
      status: 404,
      body: { id: 'process_type_not_found', resource: 'formation' },
    });
  });

  it('is one of five at most', async () => {
    const answers = await Promise.all(Array.from({ length: 7 }, () => order({ command: 'sleep 9' })));
    expect(
      answers.filter(({ status }) => status === 429).map(({ headers }) => headers['retry-after']),
    ).toEqual(['60', '60']);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 201, 201, 429, 429]);
  });

  it('needs something that was deployed', async () => {
    await door.call('POST', '/apps', { body: { name: 'empty' } });
    const answer = await door.call('POST', '/apps/empty/dynos', { body: { command: 'ls' } });
    expect(answer).toMatchObject({ status: 422, body: { id: 'nothing_to_run' } });
  });

  it.each([
    [{ attach: true }, 'command'],
    [{ command: '  ' }, 'command'],
    [{ command: 'a\0b' }, 'command'],
    [{ command: 'x', env: { 'A B': '1' } }, 'env'],
    [{ command: 'x', env: { A: '1\0' } }, 'env'],
    [{ command: 'x', time_to_live: 90_000 }, 'time_to_live'],
    [{ command: 'x', size: '--privileged' }, 'size'],
    [{ command: 'x', privileged: true }, 'privileged'],
  ])('%j is refused, naming %s', async (body, field) => {
    const answer = await order(body);
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).toContain(field);
    expect(door.world.writes).toEqual([]);
  });
});

describe('a command inside an instance', () => {
  it('is met at a place of its own, by the name or the id of the instance', async () => {
    const [web] = await dynos();
    for (const which of ['web.1', web?.id ?? '']) {
      const answer = await door.call('POST', `/apps/demo/dynos/${which}`, {
        body: { command: 'ls', env: {} },
      });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ name: 'web.1', command: 'ls' });
      expect(JSON.stringify(answer.body)).toContain('rendezvous://127.0.0.1:7002/');
    }
    expect(door.world.runs.execs).toEqual([]); // until somebody comes
  });

  it('needs an instance that is there', async () => {
    const answer = await door.call('POST', '/apps/demo/dynos/web.9', { body: { command: 'ls' } });
    expect(answer).toMatchObject({ status: 404, body: { id: 'instance_not_found' } });
  });
});

describe('stopping', () => {
  it('an instance replaces it, as a restart does', async () => {
    const answer = await door.call('POST', '/apps/demo/dynos/web.1/actions/stop');
    expect(answer.status).toBe(202);
    expect(door.world.writes).toEqual(['restart']);
  });

  it('all of a type replaces them', async () => {
    expect((await door.call('POST', '/apps/demo/formations/web/actions/stop')).status).toBe(202);
    expect(door.world.writes).toEqual(['restart']);
  });
});

describe('a token of scope write, which leaves config vars out', () => {
  it.each([
    ['write', 403],
    ['write-protected', 201],
  ])('%s runs no command where they are: %d', async (scope, status) => {
    const made = await door.call('POST', '/oauth/authorizations', { body: { scope: [scope] } });
    const { token } = authorization.parse(made.body).access_token;
    const run = await door.call('POST', '/apps/demo/dynos', { token, body: { command: 'env' } });
    expect(run.status).toBe(status);
    const basic = Buffer.from(`demo:${token}`).toString('base64');
    const headers = { authorization: `Basic ${basic}` };
    const body = { client_key: sampleKey('dev') };
    const entered = await door.call('PUT', '/api/v2/web.1', { token: null, headers, body });
    expect(entered.status).toBe(status === 403 ? 403 : 200);
  });
});

describe('an open connection to a process [S-API-03]', () => {
  const patient = new AbortController().signal;

  /** Somebody who may operate demo, and their connection to a run of it. */
  async function connected(how: 'run' | 'inside') {
    const { world } = door;
    const { token, actor } = world.addUser('colleague@example.com');
    const shared = await door.call('POST', '/apps/demo/collaborators', { body: { user: actor.email } });
    expect(shared.status).toBe(201);
    const path = how === 'run' ? '/apps/demo/dynos' : '/apps/demo/dynos/web.1';
    const made = await door.call('POST', path, { token, body: { command: 'bash', attach: true } });
    const secret = dyno.parse(made.body).attach_url?.split('/').at(-1) ?? '';
    const session = world.services.runs.claim(secret);
    if (!session) throw new Error('the secret opened nothing');
    await world.services.runs.recheck(patient);
    expect(session.cut.aborted).toBe(false);
    return { token, email: actor.email, session };
  }

  it.each(['run', 'inside'] as const)(
    'is cut at the next look when the token is revoked: %s',
    async (how) => {
      const { token, session } = await connected(how);
      expect((await door.call('DELETE', '/oauth/authorizations/~', { token })).status).toBe(200);
      await door.world.services.runs.recheck(patient);
      expect(session.cut.reason).toMatchObject({
        message: expect.stringMatching(/^You may not run/) as string,
      });
    },
  );

  it.each([
    ['rotated', ['POST', '/oauth/authorizations/~/actions/regenerate-tokens', 'own']],
    ['of somebody who leaves', ['DELETE', '/apps/demo/collaborators/~', 'own']],
    ['of somebody who is put out', ['DELETE', '/apps/demo/collaborators/colleague@example.com', 'owner']],
    [
      'of somebody who may look on only',
      ['PATCH', '/apps/demo/collaborators/colleague@example.com', 'owner'],
    ],
    ['of an app that is gone', ['DELETE', '/apps/demo', 'owner']],
  ] as const)('is cut when its token is %s', async (_why, [method, path, who]) => {
    const { token, session } = await connected('run');
    const body = method === 'PATCH' ? { permissions: ['view'] } : undefined;
    const answer = await door.call(method, path, { ...(who === 'own' && { token }), ...(body && { body }) });
    expect(answer.status, answer.text).toBeLessThan(300);
    await door.world.services.runs.recheck(patient);
    expect(session.cut.aborted).toBe(true);
  });

  it('of others goes on', async () => {
    const { token, session } = await connected('run');
    const other = (await door.call('POST', '/oauth/authorizations', { token, body: {} })).body;
    const made = authorization.parse(other);
    await door.call('DELETE', `/oauth/authorizations/${made.id}`, { token });
    await door.world.services.runs.recheck(patient);
    expect(session.cut.aborted).toBe(false);
  });
});
