import type { EngineInfo } from './docker.ts';
import type { PartStatus } from './part.ts';

/** One line of the doctor's table. `weak` should be mended, `broken` keeps the platform from doing its work. */
export interface Finding {
  readonly part: string;
  readonly level: 'ok' | 'weak' | 'broken';
  readonly state: string;
  /** What that means. */
  readonly meaning: string;
  /** What to do; empty when nothing. */
  readonly todo: string;
}

const ok = (part: string, state: string, meaning: string): Finding => ({
  part,
  level: 'ok',
  state,
  meaning,
  todo: '',
});

/** Versions with every security fix known on this day; a distribution may have carried fixes back to older ones. */
export const KNOWN_GOOD = { asOf: '2026-11', engine: '29.5.1', runc: '1.2.8' };

/** Compares dotted versions by their leading numbers: negative when `a` is older. Suffixes ("+dfsg1") do not count. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string): number[] =>
    (/^\d+(\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function partFinding(status: PartStatus, logs: string): Finding {
  const { title, state, origin, pid, restarts, problem, name } = status;
  const who = origin === 'given' ? 'given' : `process ${pid ?? '-'}`;
  if (state === 'ready') {
    const times = restarts === 0 ? '' : `, started again ${restarts} times`;
    return ok(title, 'ready', `answers (${who}${times})`);
  }
  const log = `${logs}/${name}.log`;
  const todo =
    origin === 'given' ? 'start it, or unset its setting' : `look into ${log}; it is started again by itself`;
  if (state === 'refused') {
    return {
      part: title,
      level: 'broken',
      state,
      meaning: problem ?? 'it refuses to start',
      todo: `do what it says (${log}), then script/server`,
    };
  }
  return { part: title, level: 'broken', state, meaning: problem ?? 'not ready yet', todo };
}

/** What an engine is like, apart from answering. `apps` is the one that runs apps; builds need less of it. */
export function engineFindings(title: string, info: EngineInfo, role: 'apps' | 'builds'): Finding[] {
  const old = compareVersions(info.ServerVersion, KNOWN_GOOD.engine) < 0;
  const version: Finding = old
    ? {
        part: title,
        level: 'weak',
        state: `version ${info.ServerVersion}`,
        meaning: `older than ${KNOWN_GOOD.engine}, the first with all fixes known in ${KNOWN_GOOD.asOf}`,
        todo: 'upgrade it, or see that your distribution carried the fixes back',
      }
    : ok(title, `version ${info.ServerVersion}`, `has all fixes known in ${KNOWN_GOOD.asOf}`);
  if (role === 'builds') return [version];
  const swarm = info.Swarm?.LocalNodeState === 'active';
  const restore: Finding =
    info.LiveRestoreEnabled || swarm
      ? ok(
          title,
          'live-restore',
          swarm ? 'a swarm has none; the controller restores apps' : 'apps outlive a restart of the engine',
        )
      : {
          part: title,
          level: 'broken',
          state: 'no live-restore',
          meaning: 'a restart of the engine stops every app',
          todo: 'set "live-restore": true in /etc/docker/daemon.json and reload the engine',
        };
  const addresses = (info.DefaultAddressPools ?? []).reduce(
    (sum, pool) => sum + 2 ** (pool.Size - Number(pool.Base.split('/')[1] ?? pool.Size)),
    0,
  );
  const pools: Finding =
    addresses >= 256
      ? ok(title, `${addresses} networks`, 'enough address pools for a network per app')
      : {
          part: title,
          level: 'weak',
          state: 'default address pools',
          meaning:
            'networks that others make in it end at about 30 (apps of this platform bring their own ranges)',
          todo: 'set "default-address-pools" in /etc/docker/daemon.json',
        };
  return [version, restore, pools];
}

/** The table as text: aligned, one line per finding, what to do below it. */
export function tableOf(findings: readonly Finding[]): string[] {
  const width = (pick: (finding: Finding) => string): number =>
    Math.max(...findings.map((finding) => pick(finding).length));
  const [part, state] = [width((finding) => finding.part), width((finding) => finding.state)];
  const marks = { ok: 'ok    ', weak: 'weak  ', broken: 'BROKEN' };
  return findings.flatMap((finding) => [
    `${marks[finding.level]}  ${finding.part.padEnd(part)}  ${finding.state.padEnd(state)}  ${finding.meaning}`,
    ...(finding.todo === '' ? [] : [`${' '.repeat(8 + part + 2 + state)}  → ${finding.todo}`]),
  ]);
}
