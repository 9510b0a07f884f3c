import { told, type Happening } from './happening.ts';

/** A line that the platform says of an app; `api` and instances say them, `app` or the platform itself is the source. */
export interface PlatformLine {
  readonly at: Date;
  readonly source: 'app' | 'gantry';
  readonly instance: string;
  readonly text: string;
}

/** What the log of an app says of something that happened to it, in the sentences that clients of Heroku know. */
export function platformLines(happening: Happening): readonly PlatformLine[] {
  const one = told(happening);
  return SENTENCES[`${one.kind} ${one.action}`]?.(one) ?? [];
}

type Says = (happening: Happening) => readonly PlatformLine[];

const SENTENCES: Readonly<Record<string, Says>> = {
  'build create': (one) => [byUser(one, 'Build started')],
  'build update'(one) {
    const text = BUILD_ENDS[word(one.after?.['status'])];
    return text === undefined ? [] : [api(one, text)];
  },
  'release create': (one) => [
    byUser(one, word(one.after?.['description']) || 'Release'),
    byUser(one, `Release v${word(one.after?.['version'])} created`),
  ],
  'release update': (one) =>
    one.after?.['status'] === 'failed' ? [api(one, `Release v${word(one.after['version'])} failed`)] : [],
  'formation update': (one) => [byUser(one, `Scaled to ${counts(one.after?.['formation'])}`)],
  'instance create': instanceLines,
  'instance update': instanceLines,
  'instance destroy': instanceLines,
};

function api({ at }: Happening, text: string): PlatformLine {
  return { at, source: 'app', instance: 'api', text };
}

function byUser(happening: Happening, text: string): PlatformLine {
  return api(happening, happening.by ? `${text} by user ${happening.by.email}` : text);
}

const BUILD_ENDS: Readonly<Record<string, string>> = {
  succeeded: 'Build succeeded',
  failed: 'Build failed',
  superseded: 'Build cancelled: a newer push took its place',
};

function instanceLines({ at, action, before, after }: Happening): PlatformLine[] {
  const was = word(before?.['state']);
  const instance = word(after?.['name']);
  const says = (text: string): PlatformLine => ({ at, source: 'gantry', instance, text });
  const is = word(after?.['state']);
  if (action === 'create') {
    const command = after?.['command'];
    return typeof command === 'string' ? [says(`Starting process with command \`${command}\``)] : [];
  }
  if (action === 'destroy' && (was === 'crashed' || was === is)) return []; // it has been said when it ended
  const changed = says(`State changed from ${was} to ${is}`);
  return is === 'stopping' ? [changed, says('Stopping all processes with SIGTERM')] : [changed];
}

function counts(formation: unknown): string {
  if (typeof formation !== 'object' || formation === null) return 'nothing';
  return Object.entries(formation)
    .map(([type, count]) => `${type}@${String(count)}:small`)
    .join(' ');
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
