import { readdir, readFile, readlink } from 'node:fs/promises';

/** Inodes of the sockets that listen on a TCP port, from the text of /proc/net/tcp or tcp6. */
export function listeningInodes(table: string, port: number): string[] {
  const LISTEN = '0A';
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN && parseInt(fields[1]?.split(':')[1] ?? '', 16) === port)
    .flatMap((fields) => fields[9] ?? []);
}

/** A process that listens on a port. */
export interface Listener {
  readonly pid: number;
  readonly name: string;
  readonly env: readonly string[];
  readonly argv: readonly string[];
}

/**
 * Who listens on each of the ports. A port nobody listens on is absent from the answer; one whose process cannot
 * be seen from here (another container's) has an empty list.
 */
export async function listenersOf(ports: readonly number[]): Promise<Map<number, Listener[]>> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  ); // no IPv6, no tcp6
  const inodes = new Map<string, number>();
  for (const port of ports) {
    for (const inode of tables.flatMap((table) => listeningInodes(table, port))) inodes.set(inode, port);
  }
  const found = new Map<number, Listener[]>([...inodes.values()].map((port) => [port, []]));
  if (inodes.size === 0) return found;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const held = new Set((await socketsOf(pid)).flatMap((inode) => inodes.get(inode) ?? []));
    for (const port of held) found.get(port)?.push(await describe(pid));
  }
  return found;
}

async function socketsOf(pid: string): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []); // it ended while we looked
  const targets = await Promise.all(
    descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  );
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}

async function describe(pid: string): Promise<Listener> {
  const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const [name, env, argv] = await Promise.all([read('comm'), read('environ'), read('cmdline')]);
  return { pid: Number(pid), name: name.trim() || 'a process', env: env.split('\0'), argv: argv.split('\0') };
}
