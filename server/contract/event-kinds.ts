/** What events are of that are written down: what is told of apps, and of what belongs to one. */
export const EVENT_KINDS: readonly string[] = [
  ...[
    'app',
    'app-options',
    'app-setup',
    'app-transfer',
    'build',
    'certificate',
    'collaborator',
    'deployment',
  ],
  ...[
    'domain',
    'drain',
    'formation',
    'instance',
    'pipeline-coupling',
    'pipeline-promotion-target',
    'release',
    'route',
  ],
  'webhook',
];

/** What is told as it comes, of one app and to whoever asks for it: the lines of its log, and what it does and takes. */
export const LIVE_KINDS: readonly string[] = ['log', 'metric'];
