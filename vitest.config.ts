import { defineConfig } from 'vitest/config';

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
        },
      },
      {
        extends: true,
        test: {
          name: 'engine',
          include: ['test/{contract,engine}/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'acceptance',
          include: ['test/{acceptance,security,chaos}/**/*.test.ts'],
          globalSetup: ['test/support/platform-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
