import { spawn } from 'node:child_process';
import { runOrThrow } from '../../lib/child.ts';
import { pause } from '../../lib/deadline.ts';

/** A place that this machine routes to: a network namespace with addresses, and something that answers on port 80. */
export interface Outside extends AsyncDisposable {
  /** Whether a program inside the namespace reaches a TCP port elsewhere. */
  reaches(address: string, port: number, signal: AbortSignal): Promise<boolean>;
}

const never = new AbortController().signal;

/**
 * Makes the namespace `name` behind the device `link`, with these addresses; the machine's end has `gateway`.
 * Disposal removes it with everything in it.
 */
export async function startOutside(
  place: {
    readonly name: string;
    readonly link: string;
    readonly gateway: string;
    readonly addresses: readonly string[];
  },
  signal: AbortSignal,
): Promise<Outside> {
  const { name, link, gateway, addresses } = place;
  const ip = (...args: string[]): Promise<string> => runOrThrow('ip', args, {}, signal);
  const inside = [`--net=/run/netns/${name}`];
  await ip('netns', 'add', name);
  await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'up0', 'netns', name);
  await ip('address', 'add', `${gateway}/32`, 'dev', link);
  await ip('link', 'set', link, 'up');
  for (const args of [
    ['link', 'set', 'lo', 'up'],
    ['link', 'set', 'up0', 'up'],
  ])
    await runOrThrow('nsenter', [...inside, 'ip', ...args], {}, signal);
  for (const address of addresses) {
    await runOrThrow(
      'nsenter',
      [...inside, 'ip', 'address', 'add', `${address}/32`, 'dev', 'up0'],
      {},
      signal,
    );
    await ip('route', 'add', `${address}/32`, 'dev', link);
  }
  await runOrThrow('nsenter', [...inside, 'ip', 'route', 'add', gateway, 'dev', 'up0'], {}, signal);
  await runOrThrow('nsenter', [...inside, 'ip', 'route', 'add', 'default', 'via', gateway], {}, signal);
  const child = spawn('nsenter', [...inside, 'busybox', 'nc', '-ll', '-p', '80', '-e', 'echo', 'outside'], {
    stdio: 'ignore',
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.on('error', () => undefined);
  await pause(200, signal); // it has begun to listen
  return {
    async reaches(address, port, inner) {
      const args = [...inside, 'busybox', 'nc', '-w', '2', address, String(port), '-e', 'true'];
      return runOrThrow('nsenter', args, {}, inner).then(
        () => true,
        () => false,
      );
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await gone;
      await runOrThrow('ip', ['link', 'delete', link], {}, never).catch(() => undefined);
      await runOrThrow('ip', ['netns', 'delete', name], {}, never);
    },
  };
}
