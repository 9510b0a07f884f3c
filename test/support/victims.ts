import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from '../../lib/deadline.ts';
import { callJson } from '../../lib/local-http.ts';
import { routerStatus } from '../../router/contract.ts';

const patient = new AbortController().signal;

/** The pid of a part as the running platform wrote it down. */
export async function pidOf(home: string, part: string): Promise<number> {
  const text = await readFile(join(home, 'run', `${part}.pid`), 'utf8');
  return (JSON.parse(text) as { pid: number }).pid;
}

/** The pids of the router's HAProxy processes, as the router itself reports them. */
export async function haproxyPids(home: string): Promise<number[]> {
  const call = { socket: join(home, 'run', 'router.sock'), method: 'GET', path: '/status' } as const;
  return routerStatus.parse(await callJson(call, 5_000, patient)).processes.map(({ pid }) => pid);
}

/** SIGKILL; resolves when the process is gone, throws when it was not there to be killed. */
export async function kill9(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  for (let tries = 0; tries < 500; tries += 1) {
    if (await gone(pid)) return;
    await pause(10, patient);
  }
  throw new Error(`process ${pid} survived SIGKILL`);
}

/** A zombie counts as gone: whoever should bury it has not come by yet. */
async function gone(pid: number): Promise<boolean> {
  try {
    return /^\d+ \(.*\) [ZX]/s.test(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
