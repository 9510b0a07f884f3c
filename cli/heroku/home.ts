import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../lib/errors.ts';
import { replaceFile } from '../replace-file.ts';

export interface HomeOptions {
  /** The home of the program, made when it is not there. */
  readonly path: string;
  /** The user's real home. */
  readonly userHome: string;
  /** The user's own git configuration files, in the order git reads them. */
  readonly userGitConfig: readonly string[];
  readonly gitHost: string;
  /** The authority of that host, in PEM, unless it is one that git knows. */
  readonly authority: string | undefined;
  /** What answers git's questions for credentials of that host: a shell command, as git wants it. */
  readonly credentialHelper: string;
}

/** Makes the home that the `heroku` program lives in; answers the path of its git configuration. */
export async function makeHome(options: HomeOptions): Promise<string> {
  const { path, userHome } = options;
  // Where it looks on Linux, and on macOS, for having shown its terms of service.
  for (const cache of [join(path, '.cache', 'heroku'), join(path, 'Library', 'Caches', 'heroku')]) {
    await mkdir(cache, { recursive: true, mode: 0o700 });
    await writeFile(join(cache, 'terms-of-service'), '', { flag: 'a' });
  }
  // `heroku keys:add` looks for the user's keys at home.
  await symlink(join(userHome, '.ssh'), join(path, '.ssh')).catch((err: unknown) => {
    if (!isSystemError(err, 'EEXIST')) throw err;
  });
  const ours = join(path, 'gantry.gitconfig');
  const authority = join(path, 'authority.pem');
  if (options.authority !== undefined) await replaceFile(authority, options.authority);
  await replaceFile(ours, gitSettings(options, authority));
  const config = join(path, '.gitconfig');
  // Written once: the program adds to it. What is included first is asked first.
  await writeFile(config, `[include]\n\tpath = ${quoted(ours)}\n`, { flag: 'wx', mode: 0o600 }).catch(
    (err: unknown) => {
      if (!isSystemError(err, 'EEXIST')) throw err;
    },
  );
  return config;
}

function gitSettings(options: HomeOptions, authorityFile: string): string {
  const { gitHost, authority, credentialHelper, userGitConfig } = options;
  const host = quoted(`https://${gitHost}`);
  const includes = userGitConfig.map((file) => `[include]\n\tpath = ${quoted(file)}\n`);
  return [
    `[credential ${host}]\n\thelper = ${quoted(credentialHelper)}\n`,
    ...(authority === undefined ? [] : [`[http ${host}]\n\tsslCAInfo = ${quoted(authorityFile)}\n`]),
    ...includes,
  ].join('');
}

/** As a value of git's configuration, in which these four are special. */
function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}
