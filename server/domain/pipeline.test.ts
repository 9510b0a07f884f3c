import { describe, expect, it } from 'vitest';
import { pipelineRoleOf, type PipelineStanding } from './pipeline.ts';

const NOBODY: PipelineStanding = { owner: false, team: null, app: false };
const role = (part: Partial<PipelineStanding>, admin = false) =>
  pipelineRoleOf({ ...NOBODY, ...part }, { admin });

describe('what somebody may do with a pipeline', () => {
  it.each([
    ['its owner', { owner: true }, 'admin'],
    ['an administrator of its team', { team: 'admin' }, 'admin'],
    ['a member of its team', { team: 'member' }, 'manage'],
    ['a viewer of its team', { team: 'viewer' }, 'view'],
    ['a collaborator of its team', { team: 'collaborator' }, null],
    ['whoever sees an app of it', { app: true }, 'view'],
    ['a collaborator of its team who sees an app of it', { team: 'collaborator', app: true }, 'view'],
    ['a stranger', {}, null],
  ] as const)('%s', (_, part, expected) => {
    expect(role(part)).toBe(expected);
  });

  it('administrators of the platform may do everything', () => {
    expect(role({}, true)).toBe('admin');
  });
});
