import { pause } from '../../lib/deadline.ts';
import type { AppLogs, LogLine } from '../../server/ports/engine.ts';

/** The logs of apps, of whatever lines a test says; followers see what is added. */
export function createFakeLogs(linesOf: (appId: string) => readonly LogLine[]): AppLogs {
  return {
    async *read({ appId, lines, follow, type, number }, signal) {
      const place = number === undefined ? type : `${type ?? ''}.${number}`;
      const wanted = (line: LogLine): boolean =>
        place === undefined || line.instance === place || line.instance.startsWith(`${place}.`);
      for (let seen = Math.max(0, linesOf(appId).length - lines); ;) {
        const all = linesOf(appId);
        yield* all.slice(seen).filter(wanted);
        seen = all.length;
        if (!follow) return;
        await pause(5, signal);
      }
    },
  };
}
