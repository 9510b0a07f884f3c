import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/** What kills the platform that others use, or switches it under a load whose rate is checked. */
const ALONE = ['test/acceptance/{deploy,pipelines}.test.ts', 'test/chaos/**/*.test.ts'];
/** What has a platform or a router of its own, kills and restarts it, and waits most of the time. */
const APART = ['test/acceptance/lifecycle{,-own-engine}.test.ts', 'test/engine/router*.test.ts'];

/** Files that wait for a minute or more, whatever their size: begun last they would be waited for by themselves. */
const LONG = /(lifecycle|lifecycle-own-engine|kill|router-crash|failures|image-registry)\.test\.ts$/;

/** The long files first, then as Vitest orders them, by size. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const ordered = await super.sort(files);
    const [long, others] = [true, false].map((is) => ordered.filter((one) => LONG.test(one.moduleId) === is));
    return [...(long ?? []), ...(others ?? [])];
  }
}

/** Suites from the cheapest to the dearest; everything but `unit` needs real parts. */
export default defineConfig({
  test: {
    expect: { requireAssertions: true },
    sequence: { sequencer: LongFirst },
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
          exclude: [...ALONE, ...APART],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          maxWorkers: 3, // each file has parts of its own
        },
      },
      {
        extends: true,
        test: {
          name: 'acceptance',
          include: ['test/{acceptance,security}/**/*.test.ts'],
          exclude: [...ALONE, ...APART],
          globalSetup: ['test/support/platform-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          maxWorkers: 3, // files share the platform and keep to apps and people of their own
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
      {
        extends: true,
        test: {
          name: 'apart',
          include: APART,
          testTimeout: 300_000,
          hookTimeout: 600_000,
          maxWorkers: 3,
        },
      },
    ],
  },
});
