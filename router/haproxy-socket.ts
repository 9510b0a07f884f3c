import { connect, type Socket } from 'node:net';
import { withDeadline } from '../lib/deadline.ts';
import { RouterError } from './errors.ts';
import type { Command } from './commands.ts';

/** HAProxy reads at most 16 kB of commands at once; longer lines are cut silently or reset the connection. */
const MAX_BATCH_BYTES = 12_000;
const ANSWER_TIMEOUT_MS = 5_000;

function batches(lines: readonly string[]): string[][] {
  const out: string[][] = [];
  let size = Infinity;
  for (const line of lines) {
    if (size + line.length > MAX_BATCH_BYTES) {
      out.push([]);
      size = 0;
    }
    out.at(-1)?.push(line);
    size += line.length + 1;
  }
  return out;
}

/**
 * Splits what HAProxy says to several commands on one line. Every answer ends with an empty line, and an answer
 * without text is just that line.
 */
export function splitAnswers(text: string): string[] {
  const answers: string[] = [];
  let open: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    if (line !== '') open.push(line);
    else {
      answers.push(open.join('\n'));
      open = [];
    }
  }
  if (open.length > 0) answers.push(open.join('\n'));
  return answers;
}

/** One connection per batch: a kept one silently goes on talking to a process that was replaced. */
function exchange(socket: string, text: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const connection = connect({ path: socket, signal });
    connection.on('data', (chunk) => chunks.push(chunk));
    connection.on('error', reject);
    connection.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    connection.end(text);
  });
}

/** Sends commands to the process behind a socket and answers what it said to each, in order. */
export async function ask(socket: string, lines: readonly string[], signal: AbortSignal): Promise<string[]> {
  const answers: string[] = [];
  for (const batch of batches(lines)) {
    const text = await withDeadline(ANSWER_TIMEOUT_MS, signal, (inner) =>
      exchange(socket, `${batch.join(';')}\n`, inner),
    );
    const said = splitAnswers(text);
    if (said.length !== batch.length)
      throw new Error(`HAProxy answered ${said.length} of ${batch.length} commands on ${socket}`);
    answers.push(...said);
  }
  return answers;
}

/** Sends commands that change something; throws on the first answer that is not the expected one. */
export async function tell(socket: string, commands: readonly Command[], signal: AbortSignal): Promise<void> {
  for (let at = 0; at < commands.length;) {
    const next = commands.findIndex((command, n) => n >= at && command.alone === true);
    const together = commands.slice(at, next < 0 ? commands.length : next);
    const answers = await ask(
      socket,
      together.map((c) => c.line),
      signal,
    );
    together.forEach((command, n) => judge(command, answers[n] ?? ''));
    const alone = commands[at + together.length];
    if (alone) judge(alone, await tellAlone(socket, alone, signal));
    at += together.length + 1;
  }
}

function judge({ line, expect }: Command, answer: string): void {
  if (expect.test(answer)) return;
  throw RouterError.of('refused_by_haproxy', { command: line, answer: answer.slice(0, 200) });
}

function tellAlone(socket: string, { line, payload }: Command, signal: AbortSignal): Promise<string> {
  const text = payload === undefined ? `${line}\n` : `${line} <<\n${payload}\n`;
  return withDeadline(ANSWER_TIMEOUT_MS, signal, (inner) => exchange(socket, text, inner));
}

/** A connection that stays. */
export interface Line {
  /** Asks one command; calls wait for each other. Rejects when the process is gone. */
  ask(command: string, signal: AbortSignal): Promise<string>;
  close(): void;
}

const PROMPT = '\n> ';

/**
 * Opens a connection that stays: a process that stops accepts no new ones, but answers on those it has, and that
 * is the only way to learn what it still carries. While it is open, the process does not end by itself.
 */
export async function openLine(socket: string, signal: AbortSignal): Promise<Line> {
  const connection: Socket = connect(socket);
  let heard = '';
  let failed: Error | undefined;
  let notify = (): void => undefined;
  connection.on('data', (chunk: Buffer) => {
    heard += chunk.toString('utf8');
    notify();
  });
  connection.on('error', (err) => {
    failed = err;
  });
  connection.on('close', () => {
    failed ??= new Error('the process has gone');
    notify();
  });

  const send = (command: string, outer: AbortSignal): Promise<string> =>
    withDeadline(
      ANSWER_TIMEOUT_MS,
      outer,
      (inner) =>
        new Promise<string>((resolve, reject) => {
          heard = '';
          notify = (): void => {
            if (failed) reject(failed);
            else if (heard.endsWith(PROMPT)) resolve(heard.slice(0, -PROMPT.length).trimEnd());
          };
          // An answer that comes too late would be taken for the next one: the connection is of no use then.
          inner.addEventListener('abort', () => reject(inner.reason as Error), { once: true });
          if (failed) reject(failed);
          else connection.write(`${command}\n`);
        }),
    ).catch((err: unknown) => {
      connection.destroy();
      throw err;
    });

  await send('prompt', signal);
  let last: Promise<unknown> = Promise.resolve();
  return {
    ask(command, outer) {
      const turn = last.then(() => send(command, outer));
      last = turn.catch(() => undefined);
      return turn;
    },
    close: () => connection.end('quit\n'),
  };
}
