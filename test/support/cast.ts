import { createHash, randomUUID } from 'node:crypto';
import type { Role, TeamRole } from '../../server/domain/access.ts';
import type { PipelineRole } from '../../server/domain/pipeline.ts';
import type { Actor, Scope } from '../../server/domain/actor.ts';
import { LONG_AGO, PIPELINES } from './endpoint-examples.ts';
import { addMemoryToken } from './memory-accounts.ts';
import { putCollaborator } from './memory-membership.ts';
import { patient } from './services-rig.ts';
import type { World } from './world.ts';

/** Somebody, or something, that calls the API. */
export interface Principal {
  readonly name: string;
  /** Null: none is sent. */
  readonly token: string | null;
  /** False for whoever is not let in at all. */
  readonly known: boolean;
  /** Whether they call from where their token may not be used. */
  readonly astray?: boolean;
  /** The app they ask about. */
  readonly app: string;
  /** What they may do with it, as a person. */
  readonly role: Role | null;
  /** What they may do with the pipeline of that app, as a person. */
  readonly pipeline: PipelineRole | null;
  /** What they are in the team `acme`, as a person. */
  readonly team: TeamRole | null;
  readonly admin: boolean;
  /** What their credential is good for; `deploy` is for the app they ask about, `deploy-other` for another. */
  readonly scope:
    | 'global'
    | 'identity'
    | 'read'
    | 'read-protected'
    | 'write'
    | 'write-protected'
    | 'deploy'
    | 'deploy-other';
}

const SCOPES = ['identity', 'read', 'read-protected', 'write', 'write-protected'] as const;
const ROLES: readonly (readonly [string, Role])[] = [
  ['viewer', 'view'],
  ['deployer', 'deploy'],
  ['operator', 'operate'],
  ['manager', 'manage'],
];
/** What members of a team may do with its apps. */
const IN_TEAM: readonly (readonly [TeamRole, Role | null])[] = [
  ['viewer', 'view'],
  ['member', 'view'],
  ['collaborator', null],
  ['admin', 'admin'],
];

/** Fills a world with an app of a person (`demo`), an app of a team (`shop` of `acme`), and everybody who could ask. */
export function openCast(world: World): readonly Principal[] {
  const { memory } = world;
  const owner = world.addUser('owner@example.com');
  const colleague = world.addUser('colleague@example.com');
  const demo = world.deployed('demo', owner.actor).app;
  const other = world.deployed('other-app', owner.actor).app;
  const shop = world.deployed('shop', owner.actor).app;
  const team = { id: randomUUID(), name: 'acme' };
  void world.stores.teams.create(team, colleague.actor.userId, patient);
  void world.stores.apps.give(shop, { userId: colleague.actor.userId, teamId: team.id }, patient);
  memory.collaborators = [];
  putCollaborator(memory, demo.id, colleague.actor.userId, 'view');
  putCollaborator(memory, shop.id, colleague.actor.userId, 'view');

  for (const [app, holder] of [
    [demo, { userId: owner.actor.userId, teamId: null }],
    [shop, { userId: colleague.actor.userId, teamId: team.id }],
  ] as const) {
    const { pipeline = '', coupling = '' } = PIPELINES[app.name] ?? {};
    const id = randomUUID();
    void world.stores.pipelines.create({ id, name: pipeline, ...holder }, patient);
    const order = { id: coupling, pipelineId: id, appId: app.id, stage: 'staging' } as const;
    void world.stores.pipelines.couple(order, patient);
  }

  const nobody = {
    app: 'demo',
    role: null,
    pipeline: null,
    team: null,
    admin: false,
    scope: 'global',
  } as const;
  const person = (name: string, token: string, part: Partial<Principal>): Principal => ({
    ...{ ...nobody, known: true },
    ...{ name, token },
    // Unless it is said otherwise: whoever sees the app sees its pipeline, whoever owns it, both.
    pipeline: part.role === 'admin' ? 'admin' : part.role ? 'view' : null,
    ...part,
  });
  const hired = (name: string): { readonly actor: Actor; readonly token: string } =>
    world.addUser(`${name}@example.com`);
  const limited = (name: string, scopes: readonly Scope[]): string => {
    const token = tokenOf(name);
    addMemoryToken(memory, owner.actor.userId, hashOf(token), scopes);
    return token;
  };
  const closed = (name: string, token: string | null): Principal => ({
    ...nobody,
    name,
    token,
    known: false,
  });

  const expired = tokenOf('expired');
  const expiredId = addMemoryToken(memory, owner.actor.userId, hashOf(expired));
  Object.assign(memory.tokens.get(expiredId) ?? {}, { expiresAt: LONG_AGO });
  const bound = tokenOf('bound');
  const boundId = addMemoryToken(memory, owner.actor.userId, hashOf(bound));
  Object.assign(memory.tokens.get(boundId) ?? {}, { addresses: ['192.0.2.0/24'] });
  const revoked = tokenOf('revoked');
  memory.tokens.delete(addMemoryToken(memory, owner.actor.userId, hashOf(revoked)));

  return [
    closed('nobody', null),
    closed('a guess', 'gantry_guess'),
    closed('an expired token', expired),
    closed('a revoked token', revoked),
    person('a stranger', hired('stranger').token, {}),
    ...ROLES.map(([name, role]) => {
      const { actor, token } = hired(name);
      putCollaborator(memory, demo.id, actor.userId, role);
      return person(`a ${name}`, token, { role });
    }),
    ...IN_TEAM.map(([inTeam, role]) => {
      const { actor, token } = hired(`team-${inTeam}`);
      void world.stores.teams.putMember(team.id, actor.userId, inTeam, patient);
      return person(`a team's ${inTeam}`, token, {
        ...{ app: 'shop', role, team: inTeam },
        pipeline: inTeam === 'admin' ? 'admin' : inTeam === 'member' ? 'manage' : role && 'view',
      });
    }),
    person('the owner', owner.token, { role: 'admin' }),
    person('an administrator', world.adminToken, { role: 'admin', team: 'admin', admin: true }),
    ...SCOPES.map((scope) =>
      person(`the owner's ${scope}`, limited(scope, [scope]), { role: 'admin', scope }),
    ),
    person("the owner's deploy key", limited('this', [`deploy:${demo.id}`]), {
      role: 'admin',
      scope: 'deploy',
    }),
    { ...person("the owner's, from elsewhere", bound, { role: 'admin' }), astray: true },
    person("the owner's deploy key of another app", limited('that', [`deploy:${other.id}`]), {
      ...{ role: 'admin', scope: 'deploy-other' },
    }),
  ];
}

function tokenOf(name: string): string {
  return `gantry_${createHash('sha256').update(`cast ${name}`).digest('base64url')}`;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
