import { PlatformError } from '../../domain/errors.ts';
import { appName } from '../../domain/names.ts';
import type { GitProgram } from '../../git/process.ts';

/** What a request wants of git: what a repository offers, or the answer to what the client wants of that. */
export interface GitRequest {
  readonly app: string;
  readonly program: GitProgram;
  readonly turn: 'offer' | 'answer';
}

/** Every path of a `<app>.git`, and those a client makes of a remote without `.git`. */
const OURS = /^\/(?:[^/?]*\.git(?=[/?]|$)|[^/?]*(?=\/(?:info\/refs|git-(?:upload|receive)-pack)(?:\?|$)))/;
/** Of the raw target: nothing is decoded, so that there is one way to write each name. */
const SMART =
  /^\/([a-z0-9-]+?)(?:\.git)?\/(?:info\/refs\?service=git-(upload|receive)-pack|git-(upload|receive)-pack)$/;
const DUMB = /^\/[a-z0-9-]+(?:\.git)?\/(?:info\/refs(?:$|\?(?!.*service=))|HEAD$|objects\/)/;

/** True for a request that is git's, or could only be meant for it. */
export function isGitPath(target: string): boolean {
  return OURS.test(target);
}

/** Reads the method and the raw target of a request that is git's. Throws `not_found`, or `bad_request` for dumb HTTP. */
export function readGitRequest(method: string, target: string): GitRequest {
  const match = target.length <= LONGEST ? SMART.exec(target) : null;
  const [, name = '', offered, answered = ''] = match ?? [];
  const turn = offered === undefined ? 'answer' : 'offer';
  const program = PROGRAMS.get(offered ?? answered);
  if (program === undefined || !METHODS[turn].includes(method)) throw refusalOf(method, target);
  const app = appName.safeParse(name);
  if (!app.success) throw PlatformError.of('not_found', { resource: 'app', name: shown(name) });
  return { app: app.data, program, turn };
}

function refusalOf(method: string, target: string): Error {
  return METHODS.offer.includes(method) && DUMB.test(target)
    ? PlatformError.of('bad_request', { problem: "git's dumb HTTP protocol is not spoken here" })
    : PlatformError.of('not_found', { resource: 'path', name: shown(`${method} ${target}`) });
}

const METHODS = { offer: ['GET', 'HEAD'], answer: ['POST'] };
const LONGEST = 200; // the longest target of the grammar is 79 characters
const PROGRAMS: ReadonlyMap<string, GitProgram> = new Map([
  ['upload', 'upload-pack'],
  ['receive', 'receive-pack'],
]);

function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
