import { delimiter, join } from 'node:path';

export interface HerokuWorld {
  /** Where the program thinks it is at home. */
  readonly home: string;
  /** Its git configuration, which begins with the user's own. */
  readonly gitConfig: string;
  /** Where `heroku` is found, for what it calls itself. */
  readonly bin: string;
  /** The forwarder, and what opens it. */
  readonly url: string;
  readonly nonce: string;
  readonly gitHost: string;
  /** Base of `ps:exec`; https only. */
  readonly execUrl: string;
  readonly caFile: string | undefined;
  readonly app: string | undefined;
}

/** Settings of the user's own that would lead it elsewhere: another server, a proxy, a token of another platform. */
const NOT_INHERITED =
  /^(?:HEROKU_.*|(?:https?|all|no)_proxy|GIT_CONFIG_(?:GLOBAL|COUNT|KEY_\d+|VALUE_\d+)|PGDIAGNOSE_URL|TRUST_ONLY)$/i;

/**
 * The whole environment of the `heroku` program: everything that it can be told to talk to is our own server, behind
 * the forwarder; it phones home to nobody, updates nothing, and keeps what it writes in a home of its own.
 */
export function herokuEnvironment(inherited: NodeJS.ProcessEnv, world: HerokuWorld): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(inherited).filter(([name]) => !NOT_INHERITED.test(name)));
  // For what sends no token: the nonce is in the path.
  const open = `${world.url}/${world.nonce}`;
  return {
    ...own,
    PATH: [world.bin, inherited['PATH']].filter((path) => path !== undefined).join(delimiter),
    HEROKU_HOST: world.url,
    HEROKU_API_KEY: world.nonce,
    HEROKU_PARTICLEBOARD_URL: world.url,
    HEROKU_DATA_HOST: '127.0.0.1',
    HEROKU_GIT_HOST: world.gitHost,
    HEROKU_LOGIN_HOST: open,
    HEROKU_STATUS_HOST: open,
    HEROKU_BUILDPACK_REGISTRY_URL: open,
    HEROKU_EXEC_URL: world.execUrl,
    PGDIAGNOSE_URL: open,
    HEROKU_ANALYTICS_URL: open,
    DISABLE_TELEMETRY: 'true',
    HEROKU_SKIP_NEW_VERSION_CHECK: '1',
    HEROKU_DISABLE_AUTOUPDATE: '1',
    HOME: world.home,
    USERPROFILE: world.home,
    XDG_CACHE_HOME: join(world.home, '.cache'),
    XDG_DATA_HOME: join(world.home, '.local', 'share'),
    XDG_CONFIG_HOME: join(world.home, '.config'),
    GIT_CONFIG_GLOBAL: world.gitConfig,
    ...(world.caFile !== undefined && { NODE_EXTRA_CA_CERTS: world.caFile }),
    ...(world.app !== undefined && { HEROKU_APP: world.app }),
  };
}
