import { Agent, request } from 'node:http';

/** What a visitor can meet, one counter each. `other` is an answer that is neither 200 nor 5xx. */
interface Counts {
  ok: number;
  serverError: number;
  other: number;
  refused: number;
  reset: number;
  timeout: number;
}

interface LoadReport {
  readonly counts: Counts;
  /** Everything but `ok`. */
  readonly failed: number;
  readonly sent: number;
  /** Requests per second that were really sent. */
  readonly rate: number;
  /** How often each body was seen: which release answered. */
  readonly bodies: ReadonlyMap<string, number>;
  /** What went wrong, when (seconds since the start) and how, for whoever has to find out why. */
  readonly failures: readonly string[];
}

export interface Load {
  report(): LoadReport;
  /** Requests that were sent and are not answered yet. */
  open(): number;
  /** Sends nothing more, waits for what is open, and reports. */
  stop(): Promise<LoadReport>;
}

export interface LoadOptions {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly perSecond: number;
}

const TIMEOUT_MS = 10_000;

/**
 * Visitors at a constant rate: every second request on a connection of its own, the others on kept ones. They never
 * retry: what a visitor sees is what is counted.
 */
export function startLoad(options: LoadOptions): Load {
  const kept = new Agent({ keepAlive: true, maxSockets: 16 });
  const fresh = new Agent({ keepAlive: false });
  const counts: Counts = { ok: 0, serverError: 0, other: 0, refused: 0, reset: 0, timeout: 0 };
  const bodies = new Map<string, number>();
  const failures: string[] = [];
  const open = new Set<Promise<void>>();
  const began = performance.now();
  let endedMs: number | undefined;
  let sent = 0;

  function visit(agent: Agent): Promise<void> {
    return new Promise((resolve) => {
      const count = (kind: keyof Counts, detail = ''): void => {
        counts[kind] += 1;
        if (kind !== 'ok' && failures.length < 100)
          failures.push(`${((performance.now() - began) / 1000).toFixed(2)} s: ${kind} ${detail}`.trim());
        resolve();
      };
      const req = request(
        {
          host: '127.0.0.1',
          port: options.port,
          path: options.path ?? '/',
          agent,
          headers: { host: options.host },
          timeout: TIMEOUT_MS,
        },
        (res) => {
          const chunks: Buffer[] = [];
          res.on('data', (chunk: Buffer) => chunks.push(chunk));
          res.on('error', () => count('reset'));
          res.on('end', () => {
            const body = Buffer.concat(chunks).toString('utf8').trim();
            bodies.set(body, (bodies.get(body) ?? 0) + 1);
            const kind =
              res.statusCode === 200 ? 'ok' : (res.statusCode ?? 0) >= 500 ? 'serverError' : 'other';
            count(kind, `${res.statusCode ?? 0} ${body.slice(0, 120)}`);
          });
        },
      );
      req.on('timeout', () => {
        req.destroy();
        count('timeout');
      });
      req.on('error', (err) =>
        count('code' in err && err.code === 'ECONNREFUSED' ? 'refused' : 'reset', err.message),
      );
      req.end();
    });
  }

  // By the clock, not by counting ticks: a timer that fires late catches up instead of sending less.
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1000) * options.perSecond;
    for (; sent < due; sent += 1) {
      const visiting = visit(sent % 2 === 0 ? kept : fresh).finally(() => open.delete(visiting));
      open.add(visiting);
    }
  }, 5);

  function report(): LoadReport {
    const seconds = ((endedMs ?? performance.now()) - began) / 1000;
    const failed = counts.serverError + counts.other + counts.refused + counts.reset + counts.timeout;
    return { counts: { ...counts }, failed, sent, rate: sent / seconds, bodies: new Map(bodies), failures };
  }

  return {
    report,
    open: () => open.size,
    async stop() {
      clearInterval(timer);
      endedMs = performance.now();
      await Promise.all(open);
      kept.destroy();
      fresh.destroy();
      return report();
    },
  };
}
