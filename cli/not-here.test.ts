import { expect, it } from 'vitest';
import { CATALOGUE } from './catalogue.ts';
import { insteadOf } from './not-here.ts';

it.each([
  ['container:push', /Dockerfile/],
  ['ps:forward', /gantry heroku -- ps:forward/],
  ['pipelines:connect', /GitHub/],
  ['ci', /GitHub/],
  ['ps:autoscale:enable', /ps:scale/],
  ['spaces:info', /only Heroku has/],
  ['apps:errors', /page of Heroku/],
  ['local:run', /gantry run/],
  ['pg:psql', /no add-ons/],
])('says what there is instead of %s of heroku', (name, instead) => {
  expect(insteadOf(name)).toEqual({ of: 'heroku', instead: expect.stringMatching(instead) as string });
});

it.each([
  ['doctor', /gantry doctor on the server itself/],
  ['admin:recover', /gantry admin:recover on the server itself/],
  ['admin:backup', /gantry admin:backup on the server itself/],
  ['pause', /maintenance:on/],
])('says where or what there is instead of %s, which is of nobody else', (name, instead) => {
  expect(insteadOf(name)).toEqual({ of: 'gantry', instead: expect.stringMatching(instead) as string });
});

const OF_DOKKU: readonly (readonly [name: string, instead: RegExp])[] = [
  ['postgres:create', /no add-ons/],
  ['ps:rebuild', /ps:restart/],
  ['ps:start', /ps:scale web=1/],
  ['ps:set', /gantry ps /],
  ['config:clear', /config:unset/],
  ['config:keys', /--json/],
  ['ports:set', /\$PORT/],
  ['nginx:set', /router/],
  ['checks:disable', /app\.json/],
  ['letsencrypt:enable', /certs:add/],
  ['certs:show', /certs:info/],
  ['domains:set', /domains:add/],
  ['storage:mount', /config var/],
  ['docker-options:add', /Dockerfile/],
  ['builder-dockerfile:set', /Dockerfile/],
  ['cron:list', /run:detached/],
  ['scheduler-docker-local:set', /by itself/],
  ['logs:failed', /builds:output/],
  ['logs:vector-start', /drains:add/],
  ['run:logs', /logs --dyno/],
  ['run:stop', /ps:stop/],
  ['apps:clone', /config:export/],
  ['tags', /rollback/],
  ['git:set', /deploy-branch/],
  ['git:from-image', /Dockerfile/],
  ['git:sync', /apps:setup/],
  ['git:initialize', /git push/],
];
it.each(OF_DOKKU)('says what there is instead of %s of Dokku', (name, instead) => {
  expect(insteadOf(name)).toEqual({ of: 'Dokku', instead: expect.stringMatching(instead) as string });
});

it('names only commands that are here', () => {
  const known = new Set(
    CATALOGUE.flatMap(({ commands }) => commands.flatMap(({ name, aliases = [] }) => [name, ...aliases])),
  );
  for (const [name] of OF_DOKKU)
    for (const [, said = ''] of (insteadOf(name)?.instead ?? '').matchAll(/gantry ([a-z:-]+)/g))
      expect([...known], name).toContain(said);
});

it('says nothing of a command that is here, or of one that nobody has', () => {
  for (const { name, aliases = [] } of CATALOGUE.flatMap(({ commands }) => commands))
    for (const one of [name, ...aliases]) expect(insteadOf(one), one).toBeUndefined();
  for (const name of ['', 'appps', 'cider', 'containers']) expect(insteadOf(name)).toBeUndefined();
});
