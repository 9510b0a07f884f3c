import type { App } from '../domain/app.ts';
import type { Links, LinkTarget } from './links.ts';
import type { Call } from './route.ts';

/** Who asks, and where they reached us. */
type Caller = Pick<Call, 'actor' | 'origin'>;

/** Absolute URLs of the streams that are read without credentials. */
export interface Outputs {
  /** The transcript of a build or of a deployment. */
  ofTranscript(caller: Caller, app: Pick<App, 'id'>, stream: string): string;
  /** The transcript of a release's latest deployment. */
  ofRelease(caller: Caller, app: App, releaseId: string): string;
  ofLogs(caller: Caller, query: LogsQuery): string;
}

type LogsQuery = Omit<Extract<LinkTarget, { kind: 'logs' }>, 'kind' | 'actor'>;

export function createOutputs(links: Links, now: () => Date): Outputs {
  const url = ({ origin }: Caller, path: string, target: LinkTarget): string =>
    `${origin}/streams/${path}${links.seal(target, now())}`;
  const sealable = ({ actor }: Caller) => ({ ...actor, scopes: [...actor.scopes] });
  return {
    ofTranscript: (caller, app, stream) =>
      url(caller, '', { kind: 'transcript', actor: sealable(caller), app: app.id, stream }),
    ofRelease: (caller, app, release) =>
      url(caller, '', { kind: 'release', actor: sealable(caller), app: app.id, release }),
    ofLogs: (caller, query) => url(caller, 'logs/', { kind: 'logs', actor: sealable(caller), ...query }),
  };
}
