/** Something about an app that can be switched, or that people coming from elsewhere look for. */
export interface Feature {
  readonly name: string;
  readonly description: string;
  /** Why it is on and stays on; null: it can be switched. */
  readonly always: string | null;
}

export const DYNO_METADATA = 'runtime-dyno-metadata';
export const SESSION_AFFINITY = 'http-session-affinity';

export const FEATURES: readonly Feature[] = [
  {
    name: SESSION_AFFINITY,
    description: 'A visitor comes back to the instance that answered first, while that one serves.',
    always: null,
  },
  {
    name: 'preboot',
    description:
      'New instances serve before old ones stop. Always on: every deploy, restart and change of config is made this way.',
    always: 'every deploy here starts the new instances before the old ones stop',
  },
  {
    name: 'runtime-heroku-exec',
    description:
      'A shell in a running instance (gantry ps:exec). Always on, for those who may operate the app.',
    always: 'who may open a shell in an instance is decided by roles',
  },
  {
    name: DYNO_METADATA,
    description:
      'Tells processes about their app and release in HEROKU_* environment variables, from the next release on.',
    always: null,
  },
];

export function findFeature(name: string): Feature | undefined {
  return FEATURES.find((one) => one.name === name);
}
