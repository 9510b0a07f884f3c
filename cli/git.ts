import { isSystemError } from '../lib/errors.ts';
import { run } from '../lib/child.ts';
import { CommandError } from './failures.ts';

/** The git repository the user stands in. */
export interface Git {
  /** False outside a repository, and where git is not installed. */
  inRepository(signal: AbortSignal): Promise<boolean>;
  /** The URL of a remote; undefined when there is no such remote, or no repository. */
  remoteUrl(name: string, signal: AbortSignal): Promise<string | undefined>;
  /** Adds a remote, or points an existing one of that name elsewhere. */
  setRemote(name: string, url: string, signal: AbortSignal): Promise<void>;
  /** Makes this the only credential helper for exactly this URL, in this repository. */
  setHelper(url: string, helper: string, signal: AbortSignal): Promise<void>;
}

/** That of a caller who has none here. */
export const NO_GIT: Git = {
  inRepository: () => Promise.resolve(false),
  remoteUrl: () => Promise.resolve(undefined),
  setRemote: () => Promise.reject(new CommandError('There is no git repository of yours here.')),
  setHelper: () => Promise.reject(new CommandError('There is no git repository of yours here.')),
};

export function createGit(cwd: string): Git {
  async function git(args: readonly string[], signal: AbortSignal) {
    try {
      return await run('git', args, { cwd }, signal);
    } catch (err) {
      if (isSystemError(err, 'ENOENT')) return { code: 127, stdout: '', stderr: 'git is not installed' };
      throw err;
    }
  }
  const remoteUrl: Git['remoteUrl'] = async (name, signal) => {
    const { code, stdout } = await git(['config', '--get', `remote.${name}.url`], signal);
    return code === 0 ? stdout.trim() : undefined;
  };

  return {
    remoteUrl,
    async inRepository(signal) {
      return (await git(['rev-parse', '--git-dir'], signal)).code === 0;
    },
    async setRemote(name, url, signal) {
      const verb = (await remoteUrl(name, signal)) === undefined ? 'add' : 'set-url';
      const { code, stderr } = await git(['remote', verb, '--', name, url], signal);
      if (code !== 0) throw new CommandError(`The git remote ${name} could not be set: ${stderr.trim()}`);
    },
    async setHelper(url, helper, signal) {
      for (const [i, [key, value]] of helperSettings(url, helper).entries()) {
        const how = i === 0 ? '--replace-all' : '--add';
        const { code, stderr } = await git(['config', '--local', how, key, value], signal);
        if (code !== 0)
          throw new CommandError(`The credential helper for ${url} could not be set: ${stderr.trim()}`);
      }
    },
  };
}

/** What git is to be told so that a helper is the only one for exactly this URL. */
export function helperSettings(
  url: string,
  helper: string,
): readonly (readonly [key: string, value: string])[] {
  const key = `credential.${url}.helper`;
  // The empty one makes git forget the helpers it knows from elsewhere: they would store the token, too.
  return [
    [key, ''],
    [key, helper],
  ];
}

const REMOTE =
  /^(?:ssh:\/\/)?(?:git|dokku|deis)@[^/:]+(?::\d+)?[/:]([a-z][a-z0-9-]{1,28}[a-z0-9])(?:\.git)?\/?$/;

/** As the HTTP door takes it: the app alone, directly below the host. */
const HTTP_REMOTE = /^https?:\/\/(?:[^/@\s]*@)?[^/@\s]+\/([a-z][a-z0-9-]{1,28}[a-z0-9])\.git\/?$/;

/** The app that a remote's URL pushes to; undefined for a URL of another kind. */
export function appOfRemote(url: string): string | undefined {
  return (REMOTE.exec(url) ?? HTTP_REMOTE.exec(url))?.[1];
}
