import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable, Writable } from 'node:stream';
import type { Request, RequestHandler } from 'express';
import { abortController } from '../../../lib/abort.ts';
import { withDeadline } from '../../../lib/deadline.ts';
import { KnownError } from '../../../lib/errors.ts';
import type { Logger } from '../../../lib/log.ts';
import type { Actor } from '../../domain/actor.ts';
import { PlatformError } from '../../domain/errors.ts';
import { watchClient } from '../../git/client.ts';
import type { GitCommands } from '../../git/commands.ts';
import { gitProtocol } from '../../git/process.ts';
import { sentenceOf } from '../../git/push-hook.ts';
import { tokenOf } from '../authentication.ts';
import { contextOf, setContext } from '../context.ts';
import { statusOf } from '../errors.ts';
import type { Services } from '../services.ts';
import { bodyOf, wholeRead, type Body } from './body.ts';
import { isGitPath, readGitRequest, type GitRequest } from './path.ts';

export interface GitHandlerDeps {
  readonly git: GitCommands;
  readonly accounts: Pick<Services['accounts'], 'authenticate'>;
  readonly log: Logger;
}

const LOOK_UP_MS = 10_000;
/** How soon a token that was revoked ends what is being sent with it. */
const TOKEN_CHECK_MS = 3_000;
/** What a fetch tells of what it has and wants: ten times what the largest public repositories need. */
const NEGOTIATION_BYTES = 16 * 1024 * 1024;
/** For a client to send the rest of what git no longer reads, and to read the last that git said. */
const LAST_WORDS_MS = 60_000;

/**
 * `https://…/<app>.git` for git's smart HTTP protocol, with a token as password or bearer. Stands before everything that
 * reads bodies: a push is streamed. Refusals are plain text, which git shows to the person who waits.
 */
export function gitHandler(deps: GitHandlerDeps): RequestHandler {
  return async (req, res, next) => {
    if (!isGitPath(req.url)) {
      next();
      return;
    }
    try {
      const login = await logIn(req, deps, contextOf(res).signal);
      setContext(res, { ...contextOf(res), actor: login.actor });
      const asked = readGitRequest(req.method, req.url);
      await serve(req, res, { ...login, asked }, deps);
    } catch (err) {
      refuse(res, err, deps.log);
    }
  };
}

interface Login {
  readonly actor: Actor;
  /** Asks again whether they may still come in. */
  readonly again: (signal: AbortSignal) => Promise<Actor>;
}

async function logIn(req: Request, deps: GitHandlerDeps, signal: AbortSignal): Promise<Login> {
  const token = tokenOf(req.headers.authorization);
  if (token === undefined) throw PlatformError.of('unauthorized', {});
  const again = (asked: AbortSignal): Promise<Actor> =>
    withDeadline(LOOK_UP_MS, asked, (inner) => deps.accounts.authenticate(token, req.ip ?? '', inner));
  return { actor: await again(signal), again };
}

async function serve(
  req: IncomingMessage,
  res: ServerResponse,
  { actor, again, asked }: Login & { readonly asked: GitRequest },
  deps: GitHandlerDeps,
): Promise<void> {
  const { program, turn } = asked;
  const protocol = gitProtocol(single(req.headers['git-protocol']));
  const body = turn === 'answer' ? readBody(req, asked) : NO_BODY;
  const said = new Murmur();
  const client = watchClient({
    input: body.input,
    output: res,
    errors: said,
    socket: req.socket,
    backlog: () => res.writableLength, // it counts what waits in the socket too
  });
  const check = watchToken(again, () => client.cut());
  const onAllowed = (): void => {
    res.statusCode = 200;
    res.setHeader(
      'Content-Type',
      `application/x-git-${program}-${turn === 'offer' ? 'advertisement' : 'result'}`,
    );
    res.setHeader('Cache-Control', 'no-cache, max-age=0, must-revalidate');
    if (turn === 'offer' && !(program === 'upload-pack' && protocol === 'version=2'))
      res.write(serviceLine(program));
  };
  try {
    const code = await deps.git.run({ actor, ...asked, protocol, onAllowed }, client);
    if (code !== 0) deps.log.info({ app: asked.app, program, code, said: said.text() }, 'git ended early');
    if (client.isGone()) return;
    await wholeRead(req, LAST_WORDS_MS);
    if (code !== 0 && !res.headersSent) throw body.problem() ?? faultOf(program, code, said.text());
    res.end();
    const late = setTimeout(() => client.cut(), LAST_WORDS_MS);
    res.once('close', () => clearTimeout(late));
  } finally {
    clearInterval(check);
    client.release();
  }
}

const NO_BODY: Body = {
  get input() {
    return Readable.from([]);
  },
  problem: () => undefined,
};

function readBody(req: IncomingMessage, { program }: GitRequest): Body {
  const type = `application/x-git-${program}-request`;
  if (req.headers['content-type'] !== type)
    throw PlatformError.of('bad_request', { problem: `its Content-Type is not ${type}` });
  // What is pushed is counted by git itself, which can say so in words that reach the person.
  return bodyOf(req, program === 'receive-pack' ? Infinity : NEGOTIATION_BYTES);
}

/** Ends the connection when its token no longer opens anything. What a push has started goes on. */
function watchToken(again: Login['again'], dismiss: () => void): NodeJS.Timeout {
  const look = async (): Promise<void> => {
    try {
      await again(abortController().signal);
    } catch (err) {
      // A database that is away has revoked nothing.
      if (PlatformError.is(err, 'unauthorized')) dismiss();
    }
  };
  return setInterval(() => void look(), TOKEN_CHECK_MS);
}

/** What git says when it is not the request that is wrong. */
const OURS =
  /not a git repository|dubious|[Pp]ermission|No space|unable to|cannot|memory|config|corrupt|fork/;

/** Why git ended without an answer: it calls fatal what it could not make sense of, too. */
function faultOf(program: string, code: number, said: string): Error {
  return said.startsWith('fatal: ') && !OURS.test(said)
    ? PlatformError.of('bad_request', { problem: `git ${program} can make nothing of it` })
    : new Error(`git ${program} ended with ${code}: ${said}`);
}

/** The pkt-line by which a client knows that this is git, and the flush after it. */
function serviceLine(program: string): string {
  const line = `# service=git-${program}\n`;
  return `${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`;
}

function refuse(res: ServerResponse, err: unknown, log: Logger): void {
  if (res.headersSent) {
    log.warn({ err }, 'an answer of git was cut short');
    res.destroy();
    return;
  }
  const sentence = sentenceOf(err, log);
  const status = err instanceof KnownError ? statusOf(err) : 500;
  if (status === 401) res.setHeader('WWW-Authenticate', 'Basic realm="Gantry", charset="UTF-8"');
  res.statusCode = status;
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.end(`${sentence}\n`);
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/** What git says to nobody: for the log, as far as anyone would read it. */
class Murmur extends Writable {
  private readonly heard: Buffer[] = [];
  private bytes = 0;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.bytes < 2_000) this.heard.push(chunk);
    this.bytes += chunk.length;
    done();
  }

  text(): string {
    return Buffer.concat(this.heard).toString('utf8').slice(0, 2_000);
  }
}
