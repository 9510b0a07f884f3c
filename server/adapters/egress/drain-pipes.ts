import { createHash } from 'node:crypto';
import type { DrainTarget } from '../../domain/drain.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { DrainPipe, DrainPipes } from '../../ports/drains.ts';
import { createEgress, type EgressDeps } from './egress.ts';
import { createJudge } from './judge.ts';
import { logplexFrames } from './drain-frames.ts';
import { createSyslogPipe } from './syslog-pipe.ts';

/** As Heroku gives a receiver: so long for an answer, connecting included. */
const REQUEST_MS = 5_000;

export interface PipesDeps extends Pick<EgressDeps, 'allow' | 'resolve' | 'ca'> {
  readonly version: string;
}

/** Pipes to receivers that users name: every connection is judged before it is dialled, as every request is. */
export function createDrainPipes({ version, ...deps }: PipesDeps): DrainPipes {
  const judge = createJudge(deps);
  const egress = createEgress({ ...deps, limits: { ms: REQUEST_MS } });

  function httpPipe(target: DrainTarget): DrainPipe {
    return {
      async send({ id, token, lines }, signal) {
        const frames = logplexFrames(lines);
        const headers = {
          'content-type': 'application/logplex-1',
          'user-agent': `Logplex/v${version}`,
          'logplex-msg-count': String(frames.length),
          'logplex-frame-id': createHash('sha256').update(id).digest('hex').slice(0, 32).toUpperCase(),
          'logplex-drain-token': token,
          ...(target.authorization !== null && { authorization: target.authorization }),
        };
        const body = Buffer.concat(frames).toString('utf8');
        const status = await egress.post({ url: target.url, headers, body }, signal);
        if (status < 200 || status > 299)
          throw PlatformError.of('egress_failed', { host: target.host, reason: `it answered ${status}` });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  return {
    open: (target) =>
      target.by === 'http'
        ? httpPipe(target)
        : createSyslogPipe({ target, judge, ...(deps.ca !== undefined && { ca: deps.ca }) }),
  };
}
