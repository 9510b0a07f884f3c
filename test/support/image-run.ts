import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { run } from '../../lib/child.ts';
import { pause } from '../../lib/deadline.ts';
import type { BuiltImage } from '../../builder/contract.ts';
import type { BuilderRig } from './builder-rig.ts';

/** A running instance of an image that a test built. */
export interface RunningImage extends AsyncDisposable {
  /** Asks it over HTTP, from inside the engine's network, and answers status, headers and body as curl shows them. */
  get(path: string, ...curl: string[]): Promise<{ status: number; head: string; body: string }>;
  exec(...argv: string[]): Promise<string>;
  logs(): Promise<string>;
  /** Asks it to end; answers the exit code and how long it took. */
  stop(): Promise<{ code: number; ms: number }>;
}

const PORT = 5123;

/** Pulls the image by digest, as the platform does, and starts one process type without any privilege. */
export async function runImage(
  rig: BuilderRig,
  image: BuiltImage,
  type: string,
  signal: AbortSignal,
): Promise<RunningImage> {
  const registry = `${rig.engine.hostAddress}:${rig.registry.port}`;
  const name = `${registry}/${image.repository}@${image.digest}`;
  const token = rig.registry.tokens.pullToken(image.repository);
  const pulling = await rig.docker.pull(name, { authconfig: { registrytoken: token } });
  await new Promise<void>((resolve, reject) => {
    rig.docker.modem.followProgress(pulling, (err: Error | null) => (err === null ? resolve() : reject(err)));
  });
  const port = image.port ?? PORT;
  const argv = image.processes[type]?.argv ?? null;
  const container = await rig.docker.createContainer({
    name: `t-${randomBytes(4).toString('hex')}`,
    Image: name,
    Env: [`PORT=${port}`, 'MESSAGE=from the environment'],
    ...(argv !== null && { Entrypoint: argv, Cmd: [] }),
    HostConfig: { CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], Init: true },
  });
  await container.start();
  const { Networks } = (await container.inspect()).NetworkSettings;
  const address = Networks['bridge']?.IPAddress ?? '';
  const curl = (path: string, more: string[]): ReturnType<typeof run> =>
    run(
      'nsenter',
      [
        `--net=/run/netns/${rig.engine.netns}`,
        'curl',
        '-s',
        '-i',
        '--max-time',
        '10',
        ...more,
        `http://${address}:${port}${path}`,
      ],
      {},
      signal,
    );
  const running: RunningImage = {
    async get(path, ...more) {
      const { stdout } = await curl(path, more);
      const [head = '', ...body] = stdout.split('\r\n\r\n');
      return {
        status: Number(/^HTTP\/[\d.]+ (\d+)/.exec(head)?.[1] ?? 0),
        head,
        body: body.join('\r\n\r\n'),
      };
    },
    exec: (...words) => execIn(container, words),
    logs: async () => (await container.logs({ stdout: true, stderr: true })).toString('utf8'),
    async stop() {
      const start = performance.now();
      await container.stop({ t: 8 });
      const { State } = await container.inspect();
      return { code: State.ExitCode, ms: performance.now() - start };
    },
    async [Symbol.asyncDispose]() {
      await container.remove({ force: true });
      await rig.docker.getImage(name).remove({ force: true });
    },
  };
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await running.get('/')).status !== 0) return running;
    await pause(100, signal);
  }
  const said = await running.logs();
  await running[Symbol.asyncDispose]();
  throw new Error(`the image did not answer within 10 s: ${said}`);
}

async function execIn(container: Docker.Container, argv: string[]): Promise<string> {
  const exec = await container.exec({ Cmd: argv, AttachStdout: true, AttachStderr: true, Tty: true });
  const stream = await exec.start({ hijack: true, Tty: true });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8').replaceAll('\r\n', '\n').trim();
}
