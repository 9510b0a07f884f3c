import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import {
  type Agent,
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { callJson } from '../../lib/local-http.ts';
import {
  backendStates,
  probeAnswer,
  routerStatus,
  type Backend,
  type BackendState,
  type ProbeAnswer,
  type ProbeRequest,
  type Route,
  type RouterStatus,
} from '../../router/contract.ts';
import { builtProgram } from '../support/built.ts';
import { freePort } from '../support/free-port.ts';
import { startLoad as startVisits } from '../support/load.ts';
import { caFileOf, makeCertificates } from '../../supervisor/certificates.ts';

const digestAnswer = z.object({ digest: z.string() });

const forever = new AbortController().signal;

/** As many as leave room on two cores for the tests beside: a visitor kept waiting by those is no finding. */
export const PER_SECOND = 150;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until it is so; fails loudly when it never is. */
export async function until(what: string, ms: number, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + ms;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for: ${what}`);
    await sleep(20);
  }
}

/** A router of its own: home, port, agent process, and everything removed at the end. */
export interface Rig extends AsyncDisposable {
  readonly port: number;
  readonly tlsPort: number;
  /** The authority of the platform's own certificate. */
  readonly ca: string;
  readonly home: string;
  readonly agentPid: () => number;
  /** Puts the next version of the table. */
  put(routes: readonly Route[]): Promise<void>;
  /** Gives a certificate; answers its digest. */
  give(pem: string): Promise<string>;
  /** Puts a table as given; for what must be refused. */
  putRaw(table: unknown): Promise<unknown>;
  probe(asked: Partial<ProbeRequest> & Pick<ProbeRequest, 'app' | 'host'>): Promise<ProbeAnswer>;
  backends(): Promise<BackendState[]>;
  backend(app: string, key: string): Promise<BackendState | undefined>;
  status(): Promise<RouterStatus>;
  /** On the rig's port, unless another is given. */
  startAgent(httpPort?: number): Promise<void>;
  /** SIGKILL to the agent only. */
  killAgent(): Promise<void>;
  /** SIGTERM to the agent, and waits for its end. */
  stopAgent(): Promise<void>;
  /** Every HAProxy that runs from this home, whoever started it. */
  haproxies(): Promise<number[]>;
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended between the look and the signal
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

export async function startRig(): Promise<Rig> {
  const program = await builtProgram('router/main.ts');
  const home = await mkdtemp('/tmp/gr-');
  const port = await freePort();
  const tlsPort = await freePort();
  await mkdir(join(home, 'secrets'));
  await writeFile(join(home, 'secrets', 'probe-key'), randomBytes(24).toString('hex'));
  await mkdir(join(home, 'run'), { recursive: true });
  const place = { id: 'test00', root: home, run: join(home, 'run'), secrets: join(home, 'secrets') };
  await makeCertificates(place, 'localhost', forever);
  const ca = await readFile(caFileOf(place), 'utf8');
  const socket = join(home, 'run', 'router.sock');
  const log = createWriteStream(join(home, 'agent.log'), { flags: 'a' });
  let agent: ChildProcess | undefined;
  let seq = 0;

  const call = (method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown): Promise<unknown> =>
    callJson({ socket, method, path, body }, 60_000, forever);

  const rig: Rig = {
    port,
    tlsPort,
    ca,
    home,
    agentPid: () => agent?.pid ?? 0,
    async put(routes) {
      seq += 1;
      await call('PUT', '/table', { version: { epoch: 1, seq }, routes });
    },
    async give(pem) {
      return digestAnswer.parse(await call('PUT', '/certificates', { pem })).digest;
    },
    putRaw: (table) => call('PUT', '/table', table),
    probe: async (asked) =>
      probeAnswer.parse(
        await call('POST', '/probe', { which: 'serving', path: '/', timeoutMs: 3000, ...asked }),
      ),
    backends: async () => backendStates.parse(await call('GET', '/backends')),
    backend: async (app, key) => (await rig.backends()).find((b) => b.app === app && b.key === key),
    status: async () => routerStatus.parse(await call('GET', '/status')),
    async startAgent(httpPort = port) {
      agent = spawn(process.execPath, [program], {
        env: {
          PATH: process.env['PATH'],
          GANTRY_HOME: home,
          GANTRY_ID: 'test00',
          GANTRY_HTTP_PORT: String(httpPort),
          GANTRY_HTTPS_PORT: String(tlsPort),
          GANTRY_LOG_LEVEL: 'debug',
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      agent.stderr?.pipe(log, { end: false });
      const child = agent;
      await until('the agent to answer', 20_000, async () => {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the agent ended; see ${home}/agent.log`);
        return rig.status().then(
          () => true,
          () => false,
        );
      });
    },
    async killAgent() {
      if (!agent) return;
      agent.kill('SIGKILL');
      await ended(agent);
    },
    async stopAgent() {
      if (!agent) return;
      agent.kill('SIGTERM');
      await ended(agent);
    },
    async haproxies() {
      const found: number[] = [];
      for (const name of (await readdir('/proc')).filter((n) => /^\d+$/.test(n))) {
        const argv = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
        if (argv.startsWith('haproxy') && argv.includes(`${home}/`)) found.push(Number(name));
      }
      return found;
    },
    async [Symbol.asyncDispose]() {
      await rig.stopAgent();
      // They outlive the agent; nobody but who stops the whole platform ends them.
      await until('HAProxy to be gone', 5_000, async () => {
        const left = await rig.haproxies();
        for (const pid of left) endNow(pid);
        return left.length === 0;
      });
      log.end();
      await rm(home, { recursive: true, force: true });
    },
  };
  await rig.startAgent();
  return rig;
}

/** One command to a process's own command socket. */
export async function tellProcess(rig: Rig, slot: number, command: string): Promise<string> {
  const generation = /"generation":(\d+)/.exec(
    await readFile(join(rig.home, 'router', 'table.json'), 'utf8'),
  )?.[1];
  return new Promise((resolve, reject) => {
    const socket = connect(join(rig.home, 'run', `haproxy-${slot}-${generation ?? ''}.sock`));
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString()));
    socket.on('error', reject);
    socket.on('end', () => resolve(heard));
    socket.end(`${command}\n`);
  });
}

/** A small app: answers its name, unless the handler does something else. */
export interface App extends AsyncDisposable {
  readonly name: string;
  readonly server: Server;
  /** The backend of the table that points at it. */
  backend(): Backend;
  /** Stops as an app does: no new connections, idle ones closed, the rest finished. */
  stop(): Promise<void>;
}

let instances = 0;

export async function startApp(name: string, handler?: RequestListener): Promise<App> {
  const server = createServer(handler ?? ((_req, res) => res.end(name)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  instances += 1;
  const id = `web-${instances}`;
  const app: App = {
    name,
    server,
    backend: () => ({ key: name, servers: [{ id, address: '127.0.0.1', port }] }),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy(); // upgraded ones too, which the server has forgotten
      await app.stop();
    },
  };
  return app;
}

/** A route with one host by its name. */
export function route(app: string, serving: Backend | null, more: Partial<Route> = {}): Route {
  return { app, hosts: [`${app}.localhost`], serving, staged: null, ...more };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
  /** Whether it went over a connection that had carried another request. */
  readonly reused: boolean;
}

/** One request through the router, on a new connection unless an agent is given. */
export function get(
  port: number,
  host: string,
  options: {
    path?: string;
    method?: string;
    headers?: Record<string, string>;
    agent?: Agent;
    address?: string;
    body?: string;
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(
      {
        host: options.address ?? '127.0.0.1',
        port,
        path: options.path ?? '/',
        method: options.method ?? 'GET',
        agent: options.agent ?? false,
        headers: { host, ...options.headers },
      },
      (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('error', reject);
        res.on('end', () =>
          resolve({
            status: res.statusCode ?? 0,
            body: Buffer.concat(chunks).toString(),
            headers: res.headers,
            reused: req.reusedSocket,
          }),
        );
      },
    );
    req.on('error', reject);
    req.end(options.body);
  });
}

/** Sends bytes as they are and answers what came back until the connection ended or `ms` passed. */
export function raw(port: number, bytes: string, ms = 1_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(heard);
    });
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

/** Visitors that never retry. */
export interface Load {
  /** Ends it and says what happened: answers by body, and of everything that was not a 200 when and how. */
  end(): Promise<{
    sent: number;
    answers: ReadonlyMap<string, number>;
    failures: readonly string[];
    seconds: number;
  }>;
  failed(): number;
  open(): number;
}

/** The visitors of the acceptance tests, half of whom keep their connection. */
export function startLoad(port: number, host: string): Load {
  const load = startVisits({ port, host, perSecond: PER_SECOND });
  return {
    failed: () => load.report().failed,
    open: () => load.open(),
    async end() {
      const { sent, rate, bodies, failures } = await load.stop();
      return { sent, answers: bodies, failures, seconds: sent / rate };
    },
  };
}
