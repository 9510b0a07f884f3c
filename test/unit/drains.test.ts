import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TIME } from '../support/fake-app.ts';
import { createFakeTerminal } from '../support/fake-terminal.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const PATH = '/apps/demo/log-drains';
const URL_WITH_PASSWORD = 'https://me:pa55w0rd@logs.example.com/in';
const at = (name: string): string => `${PATH}/${encodeURIComponent(name)}`;

it('lists drains in the order in which they were made, in pages too', async () => {
  const made: string[] = [];
  for (const name of ['five', 'four', 'three', 'two', 'one']) {
    const url = `https://${name}.example.com/in`;
    const body = { url };
    const answer = await cli.door.call('POST', '/apps/demo/log-drains', { body });
    expect(answer.status, answer.text).toBe(201);
    made.push((answer.body as { readonly id: string }).id);
    const later = TIME.getTime() + 1_000 * made.length;
    Object.assign(cli.door.world.memory.clock, { now: () => new Date(later) });
  }
  const ids = ({ body }: { readonly body: unknown }) =>
    (body as { readonly id: string }[]).map(({ id }) => id);
  expect(ids(await cli.door.call('GET', '/apps/demo/log-drains'))).toEqual(made);
  const range = 'created_at ..; max=2';
  const first = await cli.door.call('GET', '/apps/demo/log-drains', { headers: { range } });
  expect(ids(first)).toEqual(made.slice(0, 2));
  const rest = { range: (first.headers['next-range'] as string).replace('max=2', 'max=9') };
  expect(ids(await cli.door.call('GET', '/apps/demo/log-drains', { headers: rest }))).toEqual(made.slice(2));
});

describe('a log drain', () => {
  it('answers as the Platform API does, and is found by id, token and percent-encoded URL', async () => {
    const made = await cli.door.call('POST', PATH, { body: { url: URL_WITH_PASSWORD } });
    expect(made).toMatchObject({
      status: 201,
      body: { url: URL_WITH_PASSWORD, addon: null, app: { name: 'demo' } },
    });
    const { id, token } = made.body as { id: string; token: string };
    expect(token).toMatch(/^d\.[0-9a-f]{8}-[0-9a-f-]{27}$/);
    for (const name of [id, token, URL_WITH_PASSWORD])
      expect(await cli.door.call('GET', at(name))).toMatchObject({ status: 200, body: made.body });
    expect((await cli.door.call('GET', PATH)).body).toEqual([made.body]);
    expect(await cli.door.call('DELETE', at(URL_WITH_PASSWORD))).toMatchObject({ status: 200, body: { id } });
    const gone = await cli.door.call('DELETE', at(URL_WITH_PASSWORD));
    expect(gone).toMatchObject({ status: 404, body: { id: 'not_found' } });
    expect(gone.text).not.toContain('pa55w0rd');
  });

  it('is refused for what is no receiver, for the same URL twice, and as the sixth', async () => {
    for (const url of ['file:///etc/passwd', 'udp://x:1', 'syslog://u:p@x:514', 'x'])
      expect(await cli.door.call('POST', PATH, { body: { url } }), url).toMatchObject({
        ...{ status: 422, body: { id: 'invalid_params' } },
      });
    for (let n = 1; n <= 5; n += 1)
      expect(
        await cli.door.call('POST', PATH, { body: { url: `syslog://h${n}.example:514` } }),
      ).toMatchObject({
        status: 201,
      });
    const again = await cli.door.call('POST', PATH, { body: { url: 'syslog://H5.example' } });
    expect(again).toMatchObject({ status: 422, body: { id: 'invalid_params' } });
    const sixth = await cli.door.call('POST', PATH, { body: { url: 'syslog://h6.example:514' } });
    expect(sixth).toMatchObject({ status: 422, body: { id: 'too_many_drains' } });
  });

  it.each([
    ...['syslog://2130706433:514', 'https://[::ffff:127.0.0.1]/', 'https://127.0.0.1/', 'http://0x7f.1/'],
    ...['syslog://localhost:514', 'syslog+tls://10.0.0.1', 'syslog://logs.example.com:0'],
  ])('is refused when it can never be reached: %s', async (url) => {
    const answer = await cli.door.call('POST', PATH, { body: { url } });
    expect(answer).toMatchObject({ status: 422, body: { id: 'egress_refused', retry: false } });
    expect((await cli.door.call('GET', PATH)).body).toEqual([]);
  });

  it('leaves no password in the audit trail', async () => {
    await cli.door.call('POST', PATH, { body: { url: URL_WITH_PASSWORD } });
    await cli.door.call('DELETE', at(URL_WITH_PASSWORD));
    const trail = await cli.door.call('GET', '/gantry/apps/demo/audit');
    expect(trail.status).toBe(200);
    expect(trail.text).toContain('logs.example.com');
    expect(trail.text).not.toContain('pa55w0rd');
  });
});

describe('gantry drains', () => {
  it('adds, lists and removes', async () => {
    const on = ['-a', 'demo'];
    expect((await cli.gantry(['drains', ...on])).out).toBe('');
    const added = await cli.gantry(['drains:add', 'syslog+tls://logs.example.com:6514', ...on]);
    expect(added.out).toMatch(/^Added drain syslog\+tls:\/\/logs.example.com:6514 \(d\.[0-9a-f-]{36}\)\n$/);
    const listed = await cli.gantry(['drains', ...on]);
    expect(listed.out).toMatch(/^syslog\+tls:\/\/logs.example.com:6514 \(d\.[0-9a-f-]{36}\)\n$/);
    const terminal = { ...createFakeTerminal(''), columns: 60 };
    expect((await cli.gantry(['drains', ...on], { terminal })).out).toMatch(
      /:6514\n {2}\(d\.[0-9a-f-]{36}\)\n$/,
    );
    const removed = await cli.gantry(['drains:remove', 'syslog+tls://logs.example.com:6514', ...on]);
    expect(removed.out).toBe('Removed drain syslog+tls://logs.example.com:6514\n');
    expect((await cli.gantry(['drains', ...on, '--json'])).out).toBe('[]\n');
  });

  it('says what is wrong with a URL', async () => {
    const { code, err } = await cli.gantry(['drains:add', 'logs.example.com', '-a', 'demo']);
    expect(code).not.toBe(0);
    expect(err).toContain('must begin with syslog://');
  });
});
