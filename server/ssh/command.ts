import { appName } from '../domain/names.ts';
import { gitProtocol, type GitProgram } from '../git/process.ts';

/** What a client may ask the door to run. */
export interface GitCommand {
  readonly program: GitProgram;
  readonly app: string;
}

const GRAMMAR = /^git[- ](receive|upload)-pack (?:'\/?([a-z0-9-]+?)(?:\.git)?'|\/?([a-z0-9-]+?)(?:\.git)?)$/;
const LONGEST = 100; // the longest form of the grammar is 58 characters

/**
 * Reads an SSH exec request: `git-receive-pack '<app>.git'` or `git-upload-pack …`, as git sends it (the quotes, the
 * leading slash and `.git` may be missing). Anything else is undefined; nothing of it may be run.
 */
export function parseGitCommand(command: string): GitCommand | undefined {
  if (command.length > LONGEST) return undefined;
  const match = GRAMMAR.exec(command);
  if (!match) return undefined;
  const app = appName.safeParse(match[2] ?? match[3]);
  if (!app.success) return undefined;
  return { program: match[1] === 'receive' ? 'receive-pack' : 'upload-pack', app: app.data };
}

/** The one value an SSH client may put into git's environment: `GIT_PROTOCOL=version=N`. */
export function allowedGitProtocol(name: string, value: string): string | undefined {
  return name === 'GIT_PROTOCOL' ? gitProtocol(value) : undefined;
}
