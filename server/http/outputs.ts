import type { Request, Response } from 'express';
import type { App } from '../domain/app.ts';
import { actorOf } from './context.ts';
import { originOf, type Links, type LinkTarget } from './links.ts';

/** Absolute URLs of the streams that are read without credentials. */
export interface Outputs {
  /** The transcript of a build or of a deployment. */
  ofTranscript(req: Request, stream: string): string;
  /** The transcript of a release's latest deployment. */
  ofRelease(req: Request, res: Response, app: App, releaseId: string): string;
  ofLogs(req: Request, res: Response, query: LogsQuery): string;
}

type LogsQuery = Omit<Extract<LinkTarget, { kind: 'logs' }>, 'kind' | 'actor'>;

export function createOutputs(links: Links, apiHost: string, now: () => Date): Outputs {
  const url = (req: Request, path: string, target: LinkTarget): string =>
    `${originOf(req, apiHost)}/streams/${path}${links.seal(target, now())}`;
  return {
    ofTranscript: (req, stream) => url(req, '', { kind: 'transcript', stream }),
    ofRelease: (req, res, app, release) =>
      url(req, '', { kind: 'release', actor: { ...actorOf(res) }, app: app.id, release }),
    ofLogs: (req, res, query) => url(req, 'logs/', { kind: 'logs', actor: { ...actorOf(res) }, ...query }),
  };
}
