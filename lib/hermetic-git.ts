import { dirname } from 'node:path';

/**
 * The surroundings of every git process we start: nothing of the machine's or a user's configuration reaches it,
 * and a repository's content cannot make it run, fetch or write anything.
 */
export function gitEnvironment(extra: Readonly<Record<string, string>>): Record<string, string> {
  return {
    // Node's own folder comes first: hooks written for Node must find the one that runs us.
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: '/nonexistent',
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...extra,
  };
}

/** Settings that hold for every command in a bare repository of ours. */
const SETTINGS: readonly string[] = [
  'protocol.allow=never',
  'protocol.file.allow=never',
  'core.fsmonitor=false',
  'core.protectHFS=true',
  'core.protectNTFS=true',
  // Larger blobs are streamed, not loaded: 500 MB of zeros cost 5 MB of memory instead of 493 (git 2.39.5).
  'core.bigFileThreshold=8m',
  'core.deltaBaseCacheLimit=16m',
  'pack.windowMemory=32m',
  'pack.threads=2',
  'gc.auto=0',
];

/** The `-c` arguments for git in this repository; `extra` comes last and wins. */
export function gitSettings(repository: string, extra: readonly string[]): string[] {
  return [...SETTINGS, `safe.directory=${repository}`, ...extra].flatMap((setting) => ['-c', setting]);
}
