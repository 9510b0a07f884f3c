import { describe, expect, it } from 'vitest';
import type { EngineInfo } from './docker.ts';
import { compareVersions, engineFindings, partFinding, tableOf } from './findings.ts';

const engine: EngineInfo = {
  ServerVersion: '29.5.1',
  LiveRestoreEnabled: true,
  LoggingDriver: 'json-file',
  DefaultAddressPools: [{ Base: '10.192.0.0/12', Size: 24 }],
  ContainersRunning: 0,
  KernelVersion: '6.1',
};
const levels = (info: EngineInfo): string[] =>
  engineFindings('engine', info, 'apps').map((finding) => finding.level);

describe('what the doctor says', () => {
  it('finds nothing wrong with an engine as we would set one up', () => {
    expect(levels(engine)).toEqual(['ok', 'ok', 'ok']);
  });

  it('calls an engine broken whose restart would stop every app', () => {
    expect(levels({ ...engine, LiveRestoreEnabled: false })).toEqual(['ok', 'broken', 'ok']);
  });

  it('does not ask a swarm for what a swarm cannot have', () => {
    expect(levels({ ...engine, LiveRestoreEnabled: false, Swarm: { LocalNodeState: 'active' } })).toEqual([
      'ok',
      'ok',
      'ok',
    ]);
  });

  it('calls old versions and small pools weak', () => {
    expect(levels({ ...engine, ServerVersion: '20.10.24+dfsg1', DefaultAddressPools: null })).toEqual([
      'weak',
      'ok',
      'weak',
    ]);
  });

  it('says what to do about every part that is not well', () => {
    const status = {
      name: 'redis',
      title: 'queue',
      state: 'failing',
      origin: 'started',
      pid: null,
      restarts: 3,
      problem: 'it ended',
    } as const;
    const finding = partFinding(status, '/logs');
    expect(finding).toMatchObject({ level: 'broken', meaning: 'it ended' });
    expect(finding.todo).toContain('/logs/redis.log');
    expect(tableOf([finding]).join('\n')).toContain('BROKEN  queue');
  });
});

it.each([
  ['1.2.8', '1.2.8', 0],
  ['1.1.5+ds1', '1.2.8', -1],
  ['29.5.1', '29.5', 1],
  ['20.10.24+dfsg1', '29.5.1', -1],
  ['1.10.0', '1.9.9', 1],
])('compares %s with %s by number', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});
