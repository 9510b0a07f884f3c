import { ApiError, UnreachableError } from '../server/contract/transport.ts';
import { CommandError, EXIT, ExitCode, Interrupted, UsageError } from './failures.ts';
import type { System } from './system.ts';

type Told = Pick<System, 'terminal' | 'signal' | 'local'>;

/** A failure as scripts read it: the shape Failure. */
interface Failure {
  readonly id: string;
  readonly message: string;
  readonly retry: boolean;
  readonly resource?: string;
  readonly request_id?: string;
}

/** Ids of failures that are the command's own, and as permanent as those of the API, which what the API refuses has. */
export const OWN_IDS = ['usage', 'failed', 'program_failed', 'unreachable', 'unexpected'] as const;

/**
 * The one place where the command line turns an error into words, or with `json` into one line of JSON, on standard error,
 * and into an exit code.
 */
export function tell(
  err: unknown,
  { terminal, signal, local }: Told,
  { json }: { readonly json: boolean },
): number {
  const code = codeOf(err, signal);
  if (err instanceof Interrupted || (code === EXIT.interrupted && signal.aborted)) return code;
  const failure = failureOf(err);
  // A bug, or the machine's refusal (a file that cannot be written): whoever reads this can do more with the whole of it,
  // but for somebody else's machine, whose inside is not for them to see.
  if (failure.id === 'unexpected' && !local) throw err;
  if (code === EXIT.ok) return code;
  if (json) terminal.note(JSON.stringify({ error: failure }));
  // Another program has said by itself what is wrong.
  else if (failure.id !== 'program_failed') terminal.note(`Error: ${sentenceOf(err, failure)}`);
  return code;
}

function codeOf(err: unknown, signal: AbortSignal): number {
  if (err instanceof ExitCode) return err.code;
  if (signal.aborted) return EXIT.interrupted;
  return err instanceof UsageError ? EXIT.usage : EXIT.failed;
}

/** Who is to look for it in the log of the server is told what to look for. */
function sentenceOf(err: unknown, { message }: Failure): string {
  return err instanceof ApiError && err.status >= 500 ? `${message} (request ${err.requestId})` : message;
}

function failureOf(err: unknown): Failure {
  if (err instanceof ApiError)
    return {
      ...{ id: err.id, message: err.message, retry: err.retry },
      ...(err.resource !== undefined && { resource: err.resource }),
      ...(err.requestId !== '' && { request_id: err.requestId }),
    };
  if (err instanceof UnreachableError) return { ...own('unreachable', unreachable(err)), retry: true };
  if (err instanceof UsageError) return own('usage', err.message);
  if (err instanceof CommandError) return own('failed', err.message);
  if (err instanceof ExitCode)
    return own('program_failed', `The program that was started ended with exit code ${err.code}.`);
  return own('unexpected', err instanceof Error ? (err.stack ?? err.message) : String(err));
}

function unreachable(err: UnreachableError): string {
  if (isUntrusted(err))
    return `${err.url} answers with a certificate that this machine does not trust. Copy ca.pem from the platform, where it is in GANTRY_HOME, and say where the copy is: NODE_EXTRA_CA_CERTS=ca.pem`;
  return `${err.message}. Start it with script/server on its machine, or say with GANTRY_API_URL or gantry login where it is.`;
}

/** What OpenSSL says of a certificate whose authority nobody here knows; Node hands it on as the code of the last cause. */
const UNTRUSTED: readonly unknown[] = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
];

function isUntrusted(err: unknown): boolean {
  if (!(err instanceof Error)) return false;
  return ('code' in err && UNTRUSTED.includes(err.code)) || isUntrusted(err.cause);
}

function own(id: (typeof OWN_IDS)[number], message: string): Failure {
  return { id, message, retry: false };
}
