import type { TopicSpec } from '../command.ts';

export const audit: TopicSpec = {
  title: 'Audit',
  commands: [
    {
      name: 'audit',
      summary: 'show who changed what of an app, or read its config vars, newest first',
      details:
        'Every call that may change something, or reads config vars, is written down before and after it: who, from where, what was asked, how it ended, and which values changed; secrets by name only.',
      options: [
        { flags: '-n, --num <count>', says: 'how many calls (default: 30, at most 1000)' },
        { flags: '--before <seq>', says: 'only what is before this place in the trail' },
        { flags: '--all', says: 'of the whole platform; for its administrators' },
      ],
      onApp: true,
      prints: 'AuditEntry[]',
      examples: ['gantry audit', 'gantry audit --all -n 100 --json'],
      load: () => import('../commands/audit/list.ts'),
    },
    {
      name: 'audit:verify',
      summary: 'find out whether somebody has tampered with the audit trail',
      details:
        'Exits with 1 when a row was changed, removed or inserted. For administrators of the platform.',
      prints: 'AuditVerdict',
      examples: ['gantry audit:verify'],
      load: () => import('../commands/audit/verify.ts'),
    },
  ],
};
