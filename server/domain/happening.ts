/** Something that happened, as it was written down in the moment of the change. */
export interface Happening {
  /** Its place among all that is published: who has seen N misses nothing below N. */
  readonly seq: number;
  readonly at: Date;
  readonly app: { readonly id: string; readonly name: string } | null;
  readonly kind: string;
  readonly action: 'create' | 'update' | 'destroy';
  /** The id of what it happened to. */
  readonly subject: string;
  /** Of a change only what changed, besides what names the thing; secrets read `[redacted]`. */
  readonly before: Values | null;
  readonly after: Values | null;
  /** Whose doing it was, as far as it was somebody's. */
  readonly by: { readonly id: string; readonly email: string } | null;
}

export type Values = Readonly<Record<string, unknown>>;

/** What no table knows, and so must be told by whoever sees it. */
export type Note = Pick<Happening, 'kind' | 'action' | 'subject' | 'before' | 'after'> & {
  readonly appId: string;
  /** When it was seen; without it, when it is written down. */
  readonly at?: Date;
};

/** Part of the past that is not there any more: its events are missing, and who needs them must look anew. */
export interface Gap {
  readonly gap: { readonly from: number; readonly to: number };
}

/** In the words of the wire: a change of an app's formation is one of its own, and a destroyed app is gone. */
export function told(happening: Happening): Happening {
  const { kind, action, after, before } = happening;
  if (kind !== 'app' || action !== 'update') return happening;
  if (before?.['deletedAt'] === null) return { ...happening, action: 'destroy' };
  if (before && 'formation' in before)
    return { ...happening, kind: 'formation', after: pick(after, 'formation') };
  if (before && Object.keys(before).every((name) => INNER.has(name)))
    return { ...happening, kind: 'current' };
  return happening;
}

/** Columns of an app that change when a deployment succeeds, which is told by itself. */
const INNER = new Set(['currentId', 'releasedAt']);

function pick(values: Values | null, name: string): Values {
  return { [name]: values?.[name] };
}

/** Whether it is worth an event of the stream: what only follows from another is not. */
export function isNews({ kind }: Happening): boolean {
  return kind !== 'current';
}

/**
 * A row as it was before these changes, the newest first; null: it was not there. A value that was too secret to be
 * told is what it is now.
 */
export function undone(
  row: Values | null,
  changes: readonly Pick<Happening, 'action' | 'before'>[],
): Values | null {
  return changes.reduce<Values | null>((is, { action, before }) => {
    if (action === 'create') return null;
    // What is gone was told as a whole; a row that is there all the same was read before it went.
    return is === null && action === 'update' ? null : { ...is, ...open(before ?? {}) };
  }, row);
}

function open(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== REDACTED));
}

/** What is told instead of a value that could be a secret. */
const REDACTED = '[redacted]';
