/** How somebody came in. */
export type AuditDoor = 'api' | 'git';

/** What is known of a call before anything of it is done. */
export interface AuditCall {
  readonly id: string;
  readonly at: string;
  readonly door: AuditDoor;
  readonly actor: { readonly id: string; readonly email: string };
  /** The token it came with; null for an SSH key, or when the credential has no id. */
  readonly token: string | null;
  readonly ip: string | null;
  readonly requestId: string | null;
  /** `PATCH /apps/:app/config-vars`, `git push`. */
  readonly action: string;
  /** The names in the path, as they were given. */
  readonly target: Readonly<Record<string, string>>;
}

/** What became of it. `refused`: nothing was done, and the caller was told why. */
export type AuditOutcome =
  { readonly outcome: 'succeeded' } | { readonly outcome: 'refused' | 'failed'; readonly error: string };

/** One row that changed, with what changed of it; values that could be secrets read `[redacted]`. */
export interface AuditChange {
  readonly kind: string;
  readonly action: 'create' | 'update' | 'destroy';
  readonly id: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** A call with what became of it. `unknown`: nobody wrote that down, as when the server died in the middle. */
export interface AuditEntry extends AuditCall {
  readonly seq: number;
  readonly app: { readonly id: string } | null;
  readonly outcome: AuditOutcome['outcome'] | 'unknown';
  readonly error: string | null;
  readonly changes: readonly AuditChange[];
  /** The link of the chain that its last row is. */
  readonly hash: string;
}

/** A name of a path may be a URL with a password in it, or as long as one likes. */
export function printableTarget(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      decoded(value)
        .replace(/:\/\/[^/]*@/g, '://[redacted]@')
        .slice(0, 200),
    ]),
  );
}

/** The path of a call as it may be written down: a name in it may be a URL with a password, percent-encoded. */
export function printablePath(path: string): string {
  return path.split('/').map(withoutPassword).join('/').slice(0, 200);
}

/** By its first `://` and its last `@`: to look for the one from each of the other would take time by the square. */
function withoutPassword(segment: string): string {
  const scheme = /(?:%3a|:)(?:%2f){2}/i.exec(segment);
  const at = Math.max(segment.lastIndexOf('%40'), segment.lastIndexOf('@'));
  const from = scheme ? scheme.index + scheme[0].length : Infinity;
  return at < from ? segment : `${segment.slice(0, from)}[redacted]${segment.slice(at)}`;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // it was no escape
  }
}
