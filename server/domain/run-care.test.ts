import { describe, expect, it } from 'vitest';
import { careFor, type Circumstances, type Ending } from './run-care.ts';
import type { Run } from './run.ts';

const START = Date.parse('2026-01-02T03:04:05Z');
const AT = new Date(START);
const UP: Run = {
  ...{ id: 'r', appId: 'a', number: 1234, release: 2, command: 'bash', attached: true, size: 'small' },
  ...{ state: 'up', createdAt: AT, startedAt: AT, endedAt: null, exitCode: null },
  endsAt: new Date(START + 86_400_000),
};
const CALM: Circumstances = { nowMs: START, attended: true, stopped: false, ending: null };

/** Everything that is done to a run that ignores all, second by second. */
function story(run: Run, about: Partial<Circumstances>, seconds: number): string[] {
  const told: string[] = [];
  let ending: Ending | null = null;
  for (let s = 0; s <= seconds; s += 1) {
    const care = careFor(run, { ...CALM, ...about, nowMs: START + s * 1000, ending });
    if (care.do === 'signal') {
      told.push(`${s} ${care.name}${care.note === null ? '' : ` ${care.note.slice(0, 9)}`}`);
      ending = care.ending;
    } else if (care.do === 'remove') return [...told, `${s} remove ${care.note?.slice(0, 9) ?? ''}`.trim()];
  }
  return told;
}

describe('the care for a run', () => {
  it('leaves one alone that somebody attends, and a detached one', () => {
    expect(story(UP, {}, 100)).toEqual([]);
    expect(story({ ...UP, attached: false }, { attended: false }, 100)).toEqual([]);
  });

  it('hangs up on one whose person has left, three times, and then kills it', () => {
    expect(story(UP, { attended: false }, 16)).toEqual([
      '0 SIGHUP',
      '5 SIGHUP',
      '10 SIGHUP',
      '15 SIGKILL Error R16',
    ]);
  });

  it('tells one that is to stop, and kills it after half a minute', () => {
    expect(story({ ...UP, attached: false }, { stopped: true }, 31)).toEqual([
      '0 SIGTERM',
      '30 SIGKILL Stopping ',
    ]);
  });

  it('ends one whose time is over', () => {
    expect(story({ ...UP, endsAt: new Date(START + 2_000) }, {}, 40)).toEqual([
      '2 SIGTERM The time ',
      '32 SIGKILL Stopping ',
    ]);
  });

  it('begins the stopping anew when somebody wants stopped what was left', () => {
    const ending = { why: 'left', times: 2, lastMs: START } as const;
    const care = careFor(UP, { ...CALM, attended: false, stopped: true, ending });
    expect(care).toMatchObject({ do: 'signal', name: 'SIGTERM', ending: { why: 'stopped', times: 1 } });
  });

  it('gives up on one that nobody has come for', () => {
    expect(story({ ...UP, state: 'created' }, { attended: false }, 100)).toEqual(['30 remove Error R13']);
    expect(story({ ...UP, state: 'created' }, { attended: true }, 100)).toEqual([]);
    expect(story({ ...UP, state: 'created', attached: false }, { attended: false }, 100)).toEqual([
      '30 remove',
    ]);
  });

  it('removes an ended one, once whoever waits for its exit code can have asked', () => {
    const ended = { ...UP, state: 'ended', endedAt: AT } as const;
    expect(story(ended, { attended: false }, 100)).toEqual(['3 remove']);
    expect(story(ended, { attended: true }, 100)).toEqual([]);
  });
});
