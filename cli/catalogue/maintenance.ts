import type { TopicSpec } from '../command.ts';

export const maintenance: TopicSpec = {
  title: 'Maintenance',
  commands: [
    {
      name: 'maintenance',
      summary: 'show whether visitors of an app are told that it is being worked on',
      onApp: true,
      prints: 'App',
      examples: ['gantry maintenance'],
      load: () => import('../commands/maintenance/show.ts'),
    },
    {
      name: 'maintenance:on',
      summary: 'tell visitors that the app is being worked on; instances and deploys go on',
      onApp: true,
      prints: 'App',
      examples: ['gantry maintenance:on'],
      load: () => import('../commands/maintenance/on.ts'),
    },
    {
      name: 'maintenance:off',
      summary: 'let visitors in again',
      onApp: true,
      prints: 'App',
      examples: ['gantry maintenance:off'],
      load: () => import('../commands/maintenance/off.ts'),
    },
  ],
};
