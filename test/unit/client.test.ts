import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from '../../server/contract/client.ts';
import { ApiError, UnreachableError, type ClientOptions } from '../../server/contract/transport.ts';

const patient = new AbortController().signal;
const APP = {
  id: '1',
  name: 'demo',
  owner: { id: '2', email: 'a@b' },
  region: { id: '3', name: 'local' },
};

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** A client whose calls end here; each answer is a Response, or an error of the connection. */
function clientWith(
  answer: (seen: Seen, nth: number) => Response | Error,
  over: Partial<ClientOptions> = {},
) {
  const calls: Seen[] = [];
  const ask: NonNullable<ClientOptions['ask']> = (url, init) => {
    const seen = { method: init.method ?? 'GET', url, headers: init.headers, body: init.body };
    calls.push(seen);
    const given = answer(seen, calls.length);
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(given);
  };
  return { calls, client: createClient({ url: 'http://api.example', token: 'secret', ask, ...over }) };
}
const json = (body: unknown, init: ResponseInit = {}): Response => new Response(JSON.stringify(body), init);
const refused = (status: number, id = 'not_found', more: object = {}): Response =>
  json({ id, message: 'No.', ...more }, { status });
const broken = (): Error => new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });

describe('a call', () => {
  it('carries the token, the version of the API and an id of its own', async () => {
    const { calls, client } = clientWith(() => json({ A: '1' }), { userAgent: 'gantry/1' });
    await client.config('demo', patient);
    await client.config('demo', patient);
    expect(calls[0]).toMatchObject({ method: 'GET', url: 'http://api.example/apps/demo/config-vars' });
    expect(calls[0]?.headers).toMatchObject({
      accept: 'application/vnd.heroku+json; version=3',
      authorization: 'Bearer secret',
      'user-agent': 'gantry/1',
    });
    expect(calls[0]?.headers['request-id']).not.toBe(calls[1]?.headers['request-id']);
  });

  it('is repeated under the same id when the connection breaks, so that a change happens once', async () => {
    const { calls, client } = clientWith((_, nth) => (nth < 3 ? broken() : json({ A: '1' })));
    expect(await client.changeConfig('demo', { A: '1' }, patient)).toEqual({
      config: { A: '1' },
      release: null,
    });
    expect(new Set(calls.map(({ headers }) => headers['request-id'])).size).toBe(1);
    expect(calls.map(({ body }) => body)).toEqual(Array(3).fill('{"A":"1"}'));
  });

  it('is given up after the third try, with what the connection said', async () => {
    const { calls, client } = clientWith(broken);
    await expect(client.account(patient)).rejects.toThrow(
      new UnreachableError('http://api.example', 'connect ECONNREFUSED'),
    );
    expect(calls).toHaveLength(3);
  });

  it('is not repeated once the user interrupts', async () => {
    const stop = new AbortController();
    const { calls, client } = clientWith(() => {
      stop.abort(new Error('interrupted'));
      return broken();
    });
    await expect(client.account(stop.signal)).rejects.toThrow('interrupted');
    expect(calls).toHaveLength(1);
  });

  it('is not repeated when the server refuses, and says everything the refusal says', async () => {
    const { calls, client } = clientWith(() =>
      refused(409, 'deploy_in_progress', { retry: true, request_id: 'r-1', resource: 'app' }),
    );
    const err: unknown = await client.account(patient).catch((thrown: unknown) => thrown);
    expect(err).toBeInstanceOf(ApiError);
    expect(err).toMatchObject({
      status: 409,
      id: 'deploy_in_progress',
      message: 'No.',
      retry: true,
      requestId: 'r-1',
      resource: 'app',
    });
    expect(calls).toHaveLength(1);
  });

  it('takes a foreign server for none of ours, whatever it answers with', async () => {
    const html = clientWith(() => new Response('<h1>Bad Gateway</h1>', { status: 502 }));
    await expect(html.client.account(patient)).rejects.toThrow('it answered 502 without saying why');
    const page = clientWith(() => new Response('<h1>Welcome</h1>'));
    await expect(page.client.account(patient)).rejects.toThrow('not one of a Gantry server');
    const other = clientWith(() => json({ hello: 'world' }));
    await expect(other.client.account(patient)).rejects.toBeInstanceOf(UnreachableError);
  });

  it('has a deadline for each try', async () => {
    const calls: unknown[] = [];
    const ask: NonNullable<ClientOptions['ask']> = (_url, init) => {
      calls.push(init);
      return new Promise((_, reject) => {
        init.signal.addEventListener('abort', () => reject(new Error('This operation was aborted')));
      });
    };
    const client = createClient({ url: 'http://api.example', token: 't', ask, timeoutMs: 5 });
    await expect(client.account(patient)).rejects.toThrow('took longer than a minute');
    expect(calls).toHaveLength(3);
  });
});

describe('lists', () => {
  const all = { region: APP.region };

  it('are followed to their end', async () => {
    const page = (names: string[], init: ResponseInit) =>
      json(
        names.map((name) => ({
          id: name,
          comment: '',
          email: '',
          fingerprint: name,
          public_key: '',
          ...stamps,
        })),
        init,
      );
    const stamps = { created_at: 'x', updated_at: 'x' };
    const { calls, client } = clientWith((_, nth) =>
      nth === 1
        ? page(['a', 'b'], { status: 206, headers: { 'next-range': 'id ]b..' } })
        : page(['c'], { status: 200, headers: { 'next-range': 'ignored' } }),
    );
    expect((await client.keys(patient)).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(calls.map(({ headers }) => headers['range'])).toEqual([undefined, 'id ]b..']);
  });

  it('that are none are no answer of ours', async () => {
    const { client } = clientWith(() => json(all));
    await expect(client.apps(patient)).rejects.toThrow('not one of a Gantry server');
  });

  it('of releases ask for as many as are wanted, newest first', async () => {
    const { calls, client } = clientWith(() => json([], { status: 206, headers: { 'next-range': 'more' } }));
    expect(await client.releases('demo', 3, patient)).toEqual([]);
    expect(calls.map(({ headers }) => headers['range'])).toEqual(['version ..; max=3, order=desc']);
  });
});

describe('names', () => {
  it.each(['a/b', 'a?b', '../x', '%2e%2e', 'ü', 'a b#c'])(
    'such as %j stay one part of the path',
    async (name) => {
      const { calls, client } = clientWith(() => json({}));
      await client.config(name, patient);
      const { pathname } = new URL(calls[0]?.url ?? '');
      expect(pathname.split('/').map(decodeURIComponent)).toEqual(['', 'apps', name, 'config-vars']);
    },
  );

  it.each(['.', '..', ''])('cannot be %j, which would lead to another resource', async (name) => {
    const { calls, client } = clientWith(() => json({}));
    const ask = [
      () => client.restart('demo', name, patient),
      () => client.destroyApp(name, patient),
      () => client.release('demo', name, patient),
      () => client.removeKey(name, patient),
    ];
    for (const one of ask) {
      await expect((async () => one())()).rejects.toMatchObject({ status: 404, id: 'not_found' });
    }
    expect(calls).toEqual([]);
  });
});

describe('changes', () => {
  it('of config tell the release they made', async () => {
    const made = async (headers: Record<string, string>) => {
      const { client } = clientWith(() => json({ A: '1' }, { headers }));
      return (await client.changeConfig('demo', { A: '1' }, patient)).release;
    };
    const ids = { 'gantry-release-id': 'r7', 'gantry-app-id': 'a1' };
    expect(await made({ 'gantry-release': '7', ...ids })).toEqual({
      id: 'r7',
      version: 7,
      app: { id: 'a1' },
    });
    expect(await made({ 'gantry-release': '7' })).toEqual({ id: 'v7', version: 7, app: { id: 'demo' } });
    expect(await made({})).toBeNull();
  });

  it('by restart name everything, a type or an instance', async () => {
    const { calls, client } = clientWith(() => json({}));
    for (const which of [undefined, 'web', 'web.1'])
      expect(await client.restart('demo', which, patient)).toBeNull();
    expect(calls.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      'DELETE /apps/demo/dynos',
      'DELETE /apps/demo/formations/web',
      'DELETE /apps/demo/dynos/web.1',
    ]);
  });

  it('confirm a destruction with the name that was given', async () => {
    const { calls, client } = clientWith(() => refused(423, 'confirmation_required'));
    await expect(client.destroyApp('demo', patient)).rejects.toBeInstanceOf(ApiError);
    expect(calls[0]).toMatchObject({ method: 'DELETE', body: '{"confirm":"demo"}' });
  });
});

describe('a deployment', () => {
  it('that a release never had is null; a release that is not there is an error', async () => {
    const never = clientWith(() => refused(404, 'not_found', { resource: 'deployment' }));
    expect(await never.client.deployment('demo', 'v1', patient)).toBeNull();
    const absent = clientWith(() => refused(404, 'not_found', { resource: 'release' }));
    await expect(absent.client.deployment('demo', 'v9', patient)).rejects.toBeInstanceOf(ApiError);
  });
});

describe('streams', () => {
  const doors: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const door of doors.splice(0)) await door[Symbol.asyncDispose]();
  });
  const all = async (texts: AsyncIterable<string>): Promise<string> => {
    let text = '';
    for await (const piece of texts) text += piece;
    return text;
  };

  it('of output leave out what only keeps them open, and join letters that were cut', async () => {
    const bytes = Buffer.from('Zoë\0\n\0done');
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const { calls, client } = clientWith(() => new Response(body));
    expect(await all(client.output('http://api.example/streams/x', patient))).toBe('Zoë\ndone');
    expect(calls[0]?.headers).not.toHaveProperty('authorization');
  });

  it('of logs say where the listener was', async () => {
    const { calls, client } = clientWith(() => new Response('id: 5-0\ndata: one\n\n'));
    const events = [];
    for await (const event of client.logEvents('http://api.example/s', '4-0', patient)) events.push(event);
    expect(events).toEqual([{ id: '5-0', data: ['one'] }]);
    expect(calls[0]?.headers).toMatchObject({ 'last-event-id': '4-0', accept: 'text/event-stream' });
  });

  it('that are refused or break say so', async () => {
    const gone = clientWith(() => refused(404));
    await expect(all(gone.client.output('http://api.example/s', patient))).rejects.toBeInstanceOf(ApiError);
    const body = new ReadableStream({
      pull: () => Promise.reject(new Error('socket hang up')),
    });
    const cut = clientWith(() => new Response(body));
    await expect(all(cut.client.output('http://api.example/s', patient))).rejects.toThrow(
      new UnreachableError('http://api.example', 'socket hang up'),
    );
  });

  it('are not followed to another place, which would be given the token', async () => {
    const visited: string[] = [];
    const server = createServer((req, res) => {
      visited.push(req.url ?? '');
      res.writeHead(302, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    doors.push({ [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) });
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
    const client = createClient({ url, token: 'secret' });
    await expect(all(client.output(`${url}/streams/x`, patient))).rejects.toBeInstanceOf(UnreachableError);
    expect(visited).toEqual(['/streams/x']);
  });
});
