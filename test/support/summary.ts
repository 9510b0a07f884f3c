import { z } from 'zod';

/** What vitest's JSON reporter says about one suite, as far as it counts. */
export const suiteReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int().default(0),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string(),
          failureMessages: z.array(z.string()).default([]),
        }),
      ),
    }),
  ),
});
export type SuiteReport = z.infer<typeof suiteReport>;

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  /** Why the run failed, a line each: the tests that did, which are far above by then, and what else there is. */
  readonly complaints: readonly string[];
}

/**
 * Adds up suites. A test that was skipped, a file that could not be read, a suite without a report or with fewer
 * tests than its floor each count as one failure: green must mean that everything ran. Without floors (null) only some
 * tests were asked for, and what was skipped is what was not.
 */
export function summarize(
  reports: ReadonlyMap<string, SuiteReport | undefined>,
  floors: Readonly<Record<string, number>> | null,
): Summary {
  let passed = 0;
  let failed = 0;
  const complaints: string[] = [];
  const complain = (text: string, count = 1): void => {
    complaints.push(text);
    failed += count;
  };
  for (const [suite, report] of reports) {
    if (!report) {
      complain(`${suite}: it gave no report`);
      continue;
    }
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    for (const file of report.testResults) {
      complaints.push(...failuresOf(suite, file));
      if (file.status === 'failed' && file.assertionResults.length === 0)
        complain(`${suite}: ${file.name} could not be run`);
    }
    if (floors === null) continue;
    const skipped = report.numPendingTests + report.numTodoTests;
    if (skipped > 0) complain(`${suite}: ${skipped} tests were skipped`, skipped);
    const floor = floors[suite] ?? 1;
    const ran = report.numPassedTests + report.numFailedTests;
    if (ran < floor) complain(`${suite}: ${ran} tests ran, fewer than the ${floor} of test/floors.json`);
  }
  return { passed, failed, complaints };
}

function failuresOf(suite: string, file: SuiteReport['testResults'][number]): string[] {
  return file.assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages: [why = ''] }) => {
      const [first = ''] = why.split('\n');
      return `${suite}: ${file.name}: ${fullName}: ${first}`;
    });
}
