/** The architecture as rules; docs/architecture.md has the picture. */
const rule = (name, from, to, comment) => ({ name, severity: 'error', from: { path: from }, to, comment });
const only = (name, home, pkg) => ({
  name,
  severity: 'error',
  comment: `${pkg} is known in one place only, so that it can be replaced there.`,
  from: { pathNot: `${home}|^test/|\\.test\\.ts$` },
  to: { path: `node_modules/(@types/)?${pkg}/` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '(main|\\.test|\\.config|\\.d)\\.ts$|^cli/commands/|^[^/]+$|^test/' },
      to: {},
    },
    {
      name: 'lib-knows-nobody',
      severity: 'error',
      comment: 'lib has no noun of the platform.',
      from: { path: '^lib/' },
      to: { path: '^(server|builder|router|cli|supervisor|test)/' },
    },
    rule(
      'domain-is-pure',
      '^server/domain/(?!.*\\.test\\.ts)',
      { pathNot: '^(server/domain|lib)/|node_modules/zod/|^(node:)?(crypto|util)$' },
      'Values in, values out.',
    ),
    rule(
      'domain-does-no-io',
      '^server/domain/(?!.*\\.test\\.ts)',
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|util)$' },
      'No I/O in the domain.',
    ),
    rule(
      'ports-speak-domain',
      '^server/ports/',
      { pathNot: '^(server/(domain|ports)|lib)/' },
      'A port is written in domain words.',
    ),
    rule(
      'services-see-ports-not-adapters',
      '^server/services/(?!.*\\.test\\.ts)',
      {
        path: '^(server/(adapters|git|http|ssh|jobs|rendezvous|exec|controller)|builder|router|cli|supervisor)/',
      },
      'Services know ports and domain.',
    ),
    rule(
      'doors-call-services',
      '^server/(http|ssh|jobs|rendezvous|exec)/(?!.*\\.test\\.ts)',
      { path: '^server/(adapters|controller)/' },
      'Doors parse, call a service, shape the answer.',
    ),
    {
      name: 'doors-do-not-know-each-other',
      severity: 'error',
      from: { path: '^server/(http|ssh|jobs|rendezvous|exec)/' },
      to: { path: '^server/(http|ssh|jobs|rendezvous|exec)/', pathNot: '^server/$1/' },
    },
    rule(
      'git-is-no-door',
      '^server/git/(?!.*\\.test\\.ts)',
      {
        path: '^(server/(adapters|controller|http|ssh|jobs|rendezvous|exec)|builder|router|cli|supervisor)/',
      },
      'What the doors share of git knows none of them: its limits and refusals hold for all.',
    ),
    rule(
      'controller-sees-ports',
      '^server/controller/(?!.*\\.test\\.ts)',
      { path: '^(server/(adapters|git|http|ssh|jobs|rendezvous|exec|services)|builder|cli|supervisor)/' },
      'Deciding is the domain; doing goes through ports.',
    ),
    {
      name: 'adapters-fulfil-ports',
      severity: 'error',
      from: { path: '^server/adapters/([^/]+)/(?!.*\\.test\\.ts)' },
      to: {
        path: '^server/(services|controller|git|http|ssh|jobs|rendezvous|exec)/|^server/adapters/',
        pathNot: '^server/adapters/$1/',
      },
    },
    rule(
      'contract-stands-alone',
      '^server/contract/(?!.*\\.test\\.ts)',
      { pathNot: '^(server/contract|lib)/|node_modules/zod/' },
      'The wire is shared with clients.',
    ),
    rule(
      'builder-stands-alone',
      '^builder/(?!.*\\.test\\.ts)',
      { path: '^(server|router|cli|supervisor)/' },
      'A source and a plan, nothing else.',
    ),
    rule(
      'router-stands-alone',
      '^router/(?!.*\\.test\\.ts)',
      { path: '^(server|builder|cli|supervisor)/' },
      'A table, nothing else.',
    ),
    rule(
      'cli-sees-the-wire-only',
      '^cli/(?!.*\\.test\\.ts)',
      { path: '^(server/(?!contract/)|builder|router|supervisor)/' },
      'The CLI is a client like any other.',
    ),
    rule(
      'supervisor-starts-programs-not-code',
      '^supervisor/(?!.*\\.test\\.ts)',
      { path: '^(server/(?!config\\.ts|contract/)|cli)/|^(builder|router)/(?!config\\.ts|contract\\.ts)' },
      'Parts are processes to the supervisor.',
    ),
    rule(
      'production-never-imports-tests',
      '^(lib|server|builder|router|cli|supervisor)/(?!.*\\.test\\.ts)',
      { path: '^test/' },
      'Fakes stay in tests.',
    ),
    {
      name: 'no-dev-deps-in-production',
      severity: 'error',
      from: { path: '^(lib|server|builder|router|cli|supervisor)/', pathNot: '\\.test\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
    only('only-express', '^server/http/|^server/main\\.ts', 'express'),
    only('only-dockerode', '^server/adapters/docker/|^builder/|^supervisor/', 'dockerode'),
    only('only-prisma', '^server/adapters/postgres/', '@prisma'),
    only('only-ssh2', '^server/(ssh|exec)/', 'ssh2'),
    only('only-isomorphic-git', '^server/adapters/git/', 'isomorphic-git'),
    only('only-bullmq', '^server/(jobs|adapters/redis)/', 'bullmq'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/|generated/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
