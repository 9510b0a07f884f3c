import { request } from 'node:http';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { PlatformError } from '../../server/domain/errors.ts';
import type { GitCommands } from '../../server/git/commands.ts';
import { createHttpDoor, type HttpDoorDeps } from '../../server/http/door.ts';
import { createWorld, type World } from './world.ts';

/** The real HTTP door on a free port in front of an in-memory platform. */
export interface TestDoor extends AsyncDisposable {
  readonly world: World;
  readonly url: string;
  /** Calls as the admin unless `token` says otherwise (null: nobody). */
  call(method: string, path: string, options?: CallOptions): Promise<TestAnswer>;
}

export interface CallOptions {
  readonly token?: string | null;
  /** Sent as JSON, or as it is when it is a string. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Parsed, for tests to look into. */
  readonly body: unknown;
}

/** No repositories: every one that is asked for is missing. */
const noGit: GitCommands = {
  run: ({ app }) => Promise.reject(PlatformError.of('not_found', { resource: 'app', name: app })),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

export async function openTestDoor(options: Partial<HttpDoorDeps> = {}): Promise<TestDoor> {
  const world = createWorld();
  const door = createHttpDoor({
    services: world.services,
    git: noGit,
    log: quietLog(),
    version: '0.0.0-test',
    inControl: () => true,
    appsAreBack: () => true,
    domain: 'localhost',
    httpPort: 8080,
    sshPort: 2222,
    rendezvousPort: 7002,
    linkKey: new Secret('a key for tests'),
    checkAnswers: true,
    holdMs: 0,
    // Tests ask faster than anybody may.
    requestsPerHour: 1_000_000,
    now: () => world.memory.clock.now(),
    ...options,
  });
  const listening = await door.listen(0);
  const url = `http://127.0.0.1:${listening.port}`;
  return {
    world,
    url,
    call(method, path, { token = world.adminToken, body, headers = {} } = {}) {
      const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const all = {
        accept: 'application/vnd.heroku+json; version=3.sdk',
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(payload !== undefined && {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(payload)),
        }),
        ...headers,
      };
      return send(url + path, method, all, payload);
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

// Not fetch: it would repair the malformed requests that tests send on purpose.
function send(
  url: string,
  method: string,
  headers: Record<string, string>,
  payload: string | undefined,
): Promise<TestAnswer> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method, headers, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text, body: parsed(text) });
      });
    });
    req.on('error', reject);
    req.end(payload);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // streams and empty answers
  }
}
