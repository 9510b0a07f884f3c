import { access, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { z } from 'zod';
import { run, runOrThrow } from '../../lib/child.ts';

const BUSYBOX = '/bin/busybox';
/** The programs of the image; each is a link to busybox. */
const APPLETS =
  'sh sleep cat echo env id ls seq head tail printf mount unshare nc httpd wget ping ip touch dd kill stat nslookup hostname yes tr true false trap date'.split(
    ' ',
  );

const aux = z.object({ aux: z.object({ Digest: z.string() }).optional(), error: z.string().optional() });

/** A Debian package's static busybox and nothing else: about a megabyte, made in a second. Runs as root. */
async function rootFileSystem(signal: AbortSignal): Promise<Buffer> {
  await ensureStaticBusybox(signal);
  const tar = pack();
  for (const name of ['bin', 'tmp', 'etc', 'var', 'home', 'www'])
    tar.entry({ name: `${name}/`, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755 });
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile(BUSYBOX));
  for (const applet of APPLETS) tar.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  tar.entry({ name: 'etc/passwd', mode: 0o644 }, 'root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n');
  tar.entry({ name: 'www/index.html', mode: 0o644 }, 'hello\n');
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function ensureStaticBusybox(signal: AbortSignal): Promise<void> {
  const there = await access(BUSYBOX).then(
    () => true,
    () => false,
  );
  const isStatic = there && (await run(BUSYBOX, ['--help'], {}, signal)).code === 0;
  if (!isStatic)
    await runOrThrow('apt-get', ['install', '-y', '--no-install-recommends', 'busybox-static'], {}, signal);
}

/**
 * Makes the image in an engine, with these Dockerfile instructions (`LABEL …`, `USER …`), pushes it to a registry and
 * answers its digest. On the engine nothing of it stays: whoever wants it has to fetch it.
 */
export async function pushTestImage(
  docker: Docker,
  target: {
    readonly registry: string;
    readonly repository: string;
    readonly token: string;
    readonly changes?: readonly string[];
  },
  signal: AbortSignal,
): Promise<string> {
  const repo = `${target.registry}/${target.repository}`;
  const imported = await docker.importImage(Readable.from([await rootFileSystem(signal)]), {
    repo,
    tag: 'test',
    changes: [...(target.changes ?? [])],
    abortSignal: signal,
  });
  await readAll(imported);
  const pushed = await docker
    .getImage(`${repo}:test`)
    .push({ authconfig: { registrytoken: target.token }, abortSignal: signal });
  const digest = (await readAll(pushed)).map((line) => line.aux?.Digest).find((found) => found !== undefined);
  if (digest === undefined) throw new Error(`pushing ${repo} told no digest`);
  await docker.getImage(`${repo}:test`).remove();
  return digest;
}

async function readAll(stream: NodeJS.ReadableStream): Promise<z.infer<typeof aux>[]> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => aux.parse(JSON.parse(line)));
  const failed = lines.find((line) => line.error !== undefined);
  if (failed !== undefined) throw new Error(failed.error);
  return lines;
}
