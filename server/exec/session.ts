import { once } from 'node:events';
import type { PseudoTtyInfo, ServerChannel, Session, WindowChangeInfo } from 'ssh2';
import type { Logger } from '../../lib/log.ts';
import { PlatformError } from '../domain/errors.ts';
import { RUN_SIGNALS } from '../domain/run.ts';
import type { Attachment, TerminalSize } from '../ports/runs.ts';
import type { ExecGrant, ExecGrants } from '../services/exec-grants.ts';
import type { Runs } from '../services/runs.ts';
import { serveFiles } from './files.ts';

const OPEN_MS = 20_000;
/** The client may still be writing the end of its input when the command has ended, and dislikes to be cut off then. */
const LINGER_MS = 500;

interface Deps {
  readonly grants: Pick<ExecGrants, 'renew'>;
  readonly runs: Pick<Runs, 'enter'>;
  readonly log: Logger;
  readonly mostBytes?: number;
}

/** Serves one SSH session: a shell, a command or the files of the instance. What has no listener here the library refuses. */
export function serveSession(session: Session, grant: ExecGrant, deps: Deps): void {
  let size: TerminalSize | undefined;
  let term = 'xterm';
  let attachment: Attachment | undefined;
  session.on('pty', (accept, _reject, info: PseudoTtyInfo) => {
    size = sizeOf(info);
    term = 'term' in info && typeof info.term === 'string' ? info.term.slice(0, 60) : term;
    reply(accept);
  });
  session.on('window-change', (accept, _reject, info: WindowChangeInfo) => {
    size = sizeOf(info);
    void attachment?.resize(size).catch(() => undefined);
    reply(accept);
  });
  session.on('signal', (accept, _reject, { name }) => {
    const known = RUN_SIGNALS.find((one) => one === `SIG${name}`);
    if (known !== undefined) void attachment?.signal(known).catch(() => undefined);
    reply(accept);
  });
  const begin = (channel: ServerChannel, command: string | null): void => {
    channel.on('error', () => undefined); // the client left; what runs sees it as `close`
    serve(channel, { grant, command, size, term }, deps, (opened) => (attachment = opened)).catch(
      (err: unknown) => {
        if (!PlatformError.is(err)) deps.log.error({ err }, 'a command inside an instance failed');
        const sentence = PlatformError.is(err) ? err.message : 'Something went wrong inside the platform.';
        channel.stderr.write(` !     ${sentence}\r\n`);
        finish(channel, 1);
      },
    );
  };
  session.on('sftp', (accept) => serveFiles(accept(), grant, deps));
  session.on('shell', (accept) => begin(accept(), null));
  session.on('exec', (accept, _reject, { command }) => begin(accept(), command));
}

async function serve(
  channel: ServerChannel,
  order: {
    readonly grant: ExecGrant;
    readonly command: string | null;
    readonly size: TerminalSize | undefined;
    readonly term: string;
  },
  { runs, grants }: Deps,
  opened: (attachment: Attachment) => void,
): Promise<void> {
  const { grant, command, size, term } = order;
  const tty = size !== undefined;
  const signal = AbortSignal.timeout(OPEN_MS);
  await using session = await runs.enter(
    await grants.renew(grant, signal),
    grant.app,
    grant.instance,
    { command, tty, env: new Map(tty ? [['TERM', term]] : []) },
    signal,
  );
  const attachment = await session.open();
  opened(attachment);
  if (size !== undefined) await attachment.resize(size);
  const left = new Promise<void>((resolve) => {
    channel.once('close', resolve);
    session.cut.addEventListener('abort', () => resolve(), { once: true });
  });
  channel.on('data', (chunk: Buffer) => {
    channel.pause();
    void attachment
      .write(chunk)
      .catch(() => undefined)
      .finally(() => channel.resume());
  });
  channel.once('end', () => attachment.end());
  await Promise.race([left, show(channel, attachment)]);
  const code = await Promise.race([left, attachment.exitCode()]);
  if (session.cut.aborted) channel.stderr.write(` !     ${(session.cut.reason as Error).message}\r\n`);
  if (typeof code === 'number') await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
  finish(channel, typeof code === 'number' ? code : 1);
}

async function show(channel: ServerChannel, attachment: Attachment): Promise<void> {
  for await (const { stream, bytes } of attachment.output) {
    const to = stream === 'err' ? channel.stderr : channel;
    if (!channel.writable) return;
    if (!to.write(bytes)) await Promise.race([once(to, 'drain'), once(channel, 'close')]);
  }
}

function finish(channel: ServerChannel, code: number): void {
  if (!channel.writable) return;
  channel.exit(code);
  channel.end();
}

/** Replies are missing, whatever the types say, when the client wants none. */
function reply(answer: (() => unknown) | undefined): void {
  answer?.();
}

function sizeOf({ cols, rows }: { readonly cols: number; readonly rows: number }): TerminalSize {
  const within = (n: number): number => Math.min(Math.max(Math.trunc(n) || 1, 1), 9_999);
  return { columns: within(cols), rows: within(rows) };
}
