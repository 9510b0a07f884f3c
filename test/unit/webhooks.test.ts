import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TIME } from '../support/fake-app.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const BODY = { include: ['api:release'], level: 'notify', url: 'https://example.com/h' };
const PATH = '/apps/demo/webhooks';

it('lists webhooks in the order in which they were made, in pages too', async () => {
  const made: string[] = [];
  for (const name of ['five', 'four', 'three', 'two', 'one']) {
    const url = `https://${name}.example.com/in`;
    const body = { url, include: ['api:release'], level: 'notify' };
    const answer = await cli.door.call('POST', '/apps/demo/webhooks', { body });
    expect(answer.status, answer.text).toBe(201);
    made.push((answer.body as { readonly id: string }).id);
    const later = TIME.getTime() + 1_000 * made.length;
    Object.assign(cli.door.world.memory.clock, { now: () => new Date(later) });
  }
  const ids = ({ body }: { readonly body: unknown }) =>
    (body as { readonly id: string }[]).map(({ id }) => id);
  expect(ids(await cli.door.call('GET', '/apps/demo/webhooks'))).toEqual(made);
  const range = 'created_at ..; max=2';
  const first = await cli.door.call('GET', '/apps/demo/webhooks', { headers: { range } });
  expect(ids(first)).toEqual(made.slice(0, 2));
  const rest = { range: (first.headers['next-range'] as string).replace('max=2', 'max=9') };
  expect(ids(await cli.door.call('GET', '/apps/demo/webhooks', { headers: rest }))).toEqual(made.slice(2));
});

describe('a webhook', () => {
  it('answers with its secret once, in a header, and never in a body', async () => {
    const made = await cli.door.call('POST', PATH, { body: BODY });
    expect(made).toMatchObject({ status: 201, body: { ...BODY, app: { name: 'demo' } } });
    expect(made.headers['heroku-webhook-secret']).toMatch(/^[0-9a-f]{64}$/);
    const own = await cli.door.call('POST', PATH, {
      body: { ...BODY, secret: 'my own', authorization: 'Bearer x' },
    });
    expect(own.headers['heroku-webhook-secret']).toBe('my own');
    const listed = await cli.door.call('GET', PATH);
    expect(listed.headers).not.toHaveProperty('heroku-webhook-secret');
    expect(listed.text).not.toMatch(/my own|Bearer x/);
  });

  it.each([
    ['file:///etc/passwd', 'must be an absolute URL'],
    ['gopher://example.com/', 'must begin with'],
    ['unix:/run/docker.sock', 'must be an absolute URL'],
    ['https://me:pw@example.com/', 'must not hold a user name'],
    ['nonsense', 'must be an absolute URL'],
  ])('is refused for the URL %s', async (url, why) => {
    const answer = await cli.door.call('POST', PATH, { body: { ...BODY, url } });
    expect(answer).toMatchObject({ status: 422, body: { id: 'invalid_params' } });
    expect(answer.text).toContain(why);
  });

  it.each(['http://127.0.0.1/', 'https://2130706433/', 'https://api.localhost/', 'https://example.com:0/'])(
    'is refused when it can never be delivered, made or changed: %s',
    async (url) => {
      const refused = { status: 422, body: { id: 'egress_refused' } };
      expect(await cli.door.call('POST', PATH, { body: { ...BODY, url } })).toMatchObject(refused);
      const made = await cli.door.call('POST', PATH, { body: BODY });
      const { id } = made.body as { id: string };
      expect(await cli.door.call('PATCH', `${PATH}/${id}`, { body: { url } })).toMatchObject(refused);
      expect((await cli.door.call('GET', PATH)).body).toMatchObject([{ url: BODY.url }]);
    },
  );

  it('is refused for what nothing is ever told of, and is not there for others', async () => {
    expect(await cli.door.call('POST', PATH, { body: { ...BODY, include: ['api:nothing'] } })).toMatchObject({
      status: 422,
    });
    const { otherToken: token } = cli.door.world;
    for (const path of [PATH, '/apps/demo/webhook-deliveries', '/apps/demo/webhook-events'])
      expect(await cli.door.call('GET', path, { token })).toMatchObject({ status: 404 });
  });
});

describe('gantry webhooks', () => {
  it('adds, lists, changes and removes', async () => {
    const on = ['-a', 'demo', '--json'];
    const added = await cli.gantry([
      'webhooks:add',
      '-i',
      'api:release,dyno',
      '-u',
      'https://example.com/h',
      ...on,
    ]);
    const { id, secret } = JSON.parse(added.out) as { id: string; secret: string };
    expect(secret).toHaveLength(64);
    expect((await cli.gantry(['webhooks', '-a', 'demo'])).out.split('\n').slice(1)).toEqual([
      `${id}  https://example.com/h  api:release,dyno  notify`,
      '',
    ]);
    const changed = await cli.gantry(['webhooks:update', id, '-l', 'sync', ...on]);
    expect(JSON.parse(changed.out)).toMatchObject({ level: 'sync', url: 'https://example.com/h' });
    expect((await cli.gantry(['webhooks:info', id, '-a', 'demo'])).out).toContain('sync');
    expect(await cli.gantry(['webhooks:remove', id, ...on])).toEqual(expect.objectContaining({ code: 0 }));
    expect((await cli.gantry(['webhooks', ...on])).out).toBe('[]\n');
    for (const command of ['webhooks:deliveries', 'webhooks:events'])
      expect(await cli.gantry([command, ...on])).toMatchObject({ code: 0, out: '[]\n' });
    for (const command of ['webhooks:deliveries:info', 'webhooks:events:info'])
      expect((await cli.gantry([command, id, ...on])).err).toContain("Couldn't find that");
  });

  it('says what it needs', async () => {
    const { code, err } = await cli.gantry(['webhooks:add', '-a', 'demo', '-l', 'loud']);
    expect([code, err]).toEqual([2, expect.stringContaining('--level must be notify or sync')]);
  });
});
