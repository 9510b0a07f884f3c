/** Commands of others that are not here, by what begins their names, and what to do instead. */
type NotHere = readonly (readonly [names: RegExp, instead: string])[];

const NO_ADDONS =
  'this platform has no add-ons; run such a service yourself and give its address as a config var (DATABASE_URL)';

const OF_HEROKU: NotHere = [
  [/^(?:addons|pg|redis)(?::|$)/, NO_ADDONS],
  [/^container(?::|$)/, 'images are built here: push a repository that has a Dockerfile'],
  [/^ps:(?:forward|socks)$/, 'the heroku command does it here, too: gantry heroku -- NAME'],
  [
    /^(?:reviewapps|ci)(?::|$)|^pipelines:(?:connect|setup)$/,
    'it needs GitHub, with which this platform does not talk',
  ],
  [/^ps:autoscale(?::|$)/, 'the number of instances is yours to say: gantry ps:scale web=2'],
  [
    /^(?:spaces|telemetry|clients|accounts|usage)(?::|$)|^drains:(?:get|set)$/,
    'it is about something that only Heroku has',
  ],
  [
    /^(?:dashboard|notifications|orgs:open|teams:open)$|^apps:(?:errors|favorites)(?::|$)/,
    'it needs a page of Heroku itself',
  ],
  [/^local(?::|$)/, 'on your own machine a Procfile needs no platform; gantry run runs a process type here'],
  [/^(?:update|plugins)(?::|$)/, 'gantry comes with the platform, in the version that goes with it'],
];

/** Our own words, of which the command as others have it on their machines knows only where to look. */
const OURS: NotHere = [
  [
    /^(?:doctor|admin:(?:recover|backup))$/,
    'it looks at the machine of the platform, and is run there: gantry NAME on the server itself',
  ],
  [
    /^(?:pause|resume)$/,
    'requests cannot be held yet; gantry maintenance:on shows visitors a page instead of the app',
  ],
];

const OF_DOKKU: NotHere = [
  [/^(?:postgres|mysql|mariadb|mongo|rabbitmq|elasticsearch|memcached|couchdb)(?::|$)/, NO_ADDONS],
  [
    /^ps:(?:rebuild|restore)$/,
    'a push builds, also one of a commit without changes; gantry ps:restart replaces what runs by fresh instances',
  ],
  [/^ps:start$/, 'what is wanted runs, and is started again when it ends: gantry ps:scale web=1'],
  [
    /^ps:(?:inspect|retire|set|restart-policy)$/,
    'gantry ps shows what runs; the platform cares for the rest',
  ],
  [/^config:clear$/, 'gantry config:unset with all their names makes one release'],
  [/^config:(?:keys|bundle)$/, 'gantry config --json has all names and values'],
  [
    /^(?:proxy|ports|nginx|haproxy|caddy|traefik|openresty)(?::|$)/,
    'the router leads all hosts of an app to its web instances, which listen on $PORT',
  ],
  [/^checks(?::|$)/, 'app.json may say what is asked: {"healthchecks": {"web": [{"path": "/health"}]}}'],
  [/^letsencrypt(?::|$)/, 'a certificate is brought with gantry certs:add'],
  [/^certs:show$/, 'gantry certs:info shows a certificate; a key that was added is shown to nobody'],
  [/^domains:(?:set|set-global|add-global|enable|disable|reset)$/, 'gantry domains:add and domains:remove'],
  [
    /^storage(?::|$)/,
    'the disk of an instance ends with it; keep files in a service of your own and its address in a config var',
  ],
  [/^(?:docker-options|builder(?:-[\w-]+)?)(?::|$)/, 'a Dockerfile says how an app is built and what starts'],
  [
    /^cron(?::|$)/,
    'a process type that keeps the time does it, or gantry run:detached called from elsewhere',
  ],
  [
    /^(?:network|resource|registry|scheduler(?:-[\w-]+)?|plugin|trace|cleanup)(?::|$)/,
    'the platform cares for it by itself',
  ],
  [/^logs:failed$/, 'gantry builds:output shows a build that failed, gantry releases:output a rollout'],
  [/^logs:vector(?:-[\w-]+)?$|^logs:set$/, 'gantry drains:add sends the log elsewhere'],
  [/^run:logs$/, 'gantry logs --dyno run.1234'],
  [/^run:stop$/, 'gantry ps:stop run.1234'],
  [/^apps:clone$/, 'push the repository to a new app; gantry config:export has the config vars'],
  [/^tags(?::|$)/, 'gantry releases lists the images that ran, and gantry rollback goes back to one'],
  [/^git:set$/, 'gantry git:deploy-branch'],
  [/^git:(?:from-image|load-image)$/, 'images are built here: push a repository that has a Dockerfile'],
  [
    /^git:(?:sync|from-archive)$/,
    'gantry deploy sends a folder, and gantry apps:setup takes an https address; else git push',
  ],
  [
    /^git:(?:initialize|report|auth|allow-host|public-key|unlock|status)$/,
    'git push needs no preparation here',
  ],
];

/** What to do instead of a command that users of heroku or Dokku know and that is not here; undefined for any other name. */
export function insteadOf(
  name: string,
): { readonly of: 'gantry' | 'heroku' | 'Dokku'; readonly instead: string } | undefined {
  const lists = [
    ['gantry', OURS],
    ['heroku', OF_HEROKU],
    ['Dokku', OF_DOKKU],
  ] as const;
  for (const [of, list] of lists) {
    const instead = list.find(([names]) => names.test(name))?.[1];
    if (instead !== undefined) return { of, instead: instead.replace('NAME', name) };
  }
  return undefined;
}
