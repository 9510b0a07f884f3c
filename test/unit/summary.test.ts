import { describe, expect, it } from 'vitest';
import { summarize, type SuiteReport } from '../support/summary.ts';

const report = (over: Partial<SuiteReport> = {}): SuiteReport => ({
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ name: 'a.test.ts', status: 'passed', message: '', assertionResults: [] }],
  ...over,
});

describe('the summary of a test run', () => {
  it('adds up what passed and failed in all suites', () => {
    const reports = new Map([
      ['unit', report()],
      ['engine', report({ numPassedTests: 2, numFailedTests: 1 })],
    ]);
    expect(summarize(reports, {})).toEqual({ passed: 7, failed: 1, complaints: [] });
  });

  it('says again at the end which tests failed, and why in a line', () => {
    const results = [
      { status: 'passed', fullName: 'adds', failureMessages: [] },
      { status: 'failed', fullName: 'sums up', failureMessages: ['Error: 2 is not 3\n    at a.test.ts:1'] },
    ];
    const file = { name: 'a.test.ts', status: 'failed', message: '', assertionResults: results };
    const failed = report({ numFailedTests: 1, testResults: [file] });
    expect(summarize(new Map([['unit', failed]]), {})).toEqual({
      passed: 5,
      failed: 1,
      complaints: ['unit: a.test.ts: sums up: Error: 2 is not 3'],
    });
  });

  it('counts a suite without a report as a failure', () => {
    expect(summarize(new Map([['unit', undefined]]), {})).toMatchObject({ passed: 0, failed: 1 });
  });

  it('counts every skipped test as a failure', () => {
    const skipping = new Map([['unit', report({ numPendingTests: 2 })]]);
    expect(summarize(skipping, {}).failed).toBe(2);
    expect(summarize(skipping, null).failed, 'only some were asked for').toBe(0);
  });

  it('counts a file that could not be loaded, which has no tests to fail', () => {
    const broken = { name: 'b.test.ts', status: 'failed', message: 'SyntaxError', assertionResults: [] };
    expect(summarize(new Map([['unit', report({ testResults: [broken] })]]), {}).failed).toBe(1);
  });

  it('fails when fewer tests ran than the recorded floor', () => {
    expect(summarize(new Map([['unit', report()]]), { unit: 6 })).toMatchObject({ passed: 5, failed: 1 });
    expect(summarize(new Map([['unit', report()]]), { unit: 5 })).toMatchObject({ passed: 5, failed: 0 });
  });
});
