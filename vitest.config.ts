import { defineConfig } from 'vitest/config';

/** What stops or kills the platform that the others use, or needs both cores for a load whose rate it checks. */
const ALONE = [
  'test/acceptance/{deploy,lifecycle,lifecycle-own-engine,pipelines}.test.ts',
  'test/chaos/**/*.test.ts',
  'test/engine/router{,-crash,-upgrade}.test.ts',
];

/** Suites from the cheapest to the dearest; everything but `unit` needs real parts. */
export default defineConfig({
  test: {
    expect: { requireAssertions: true },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{lib,server,builder,router,cli,supervisor}/**/*.test.ts', 'test/unit/**/*.test.ts'],
          testTimeout: 10_000,
          maxWorkers: 2, // vitest's own default leaves one core idle, which on two is half
        },
      },
      {
        extends: true,
        test: {
          name: 'engine',
          include: ['test/{contract,engine}/**/*.test.ts'],
          exclude: ALONE,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          maxWorkers: 2, // each file has parts of its own, and they wait more than they work
        },
      },
      {
        extends: true,
        test: {
          name: 'acceptance',
          include: ['test/{acceptance,security}/**/*.test.ts'],
          exclude: ALONE,
          globalSetup: ['test/support/platform-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          maxWorkers: 2, // files share the platform and keep to apps and people of their own
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ALONE,
          globalSetup: ['test/support/platform-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
