/** What script/test does after set-up: one platform for all suites, each suite in turn, then the count. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { RUNNING_PLATFORM } from './platform-setup.ts';
import { RECEIVERS } from './drain-receiver.ts';
import { startPlatform, type TestPlatform } from './platform.ts';
import { suiteReport, summarize, type SuiteReport } from './summary.ts';

const ROOT = join(import.meta.dirname, '..', '..');

async function runSuite(
  suite: string,
  results: string,
  env: NodeJS.ProcessEnv,
): Promise<SuiteReport | undefined> {
  const file = join(results, `${suite}.json`);
  process.stdout.write(`\n== ${suite}\n`);
  await new Promise((resolve) => {
    const args = [
      'run',
      '--project',
      suite,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ];
    const child = spawn(join(ROOT, 'node_modules', '.bin', 'vitest'), args, {
      cwd: ROOT,
      env,
      stdio: 'inherit',
    });
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  try {
    return suiteReport.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined; // it ended without a report; the summary says so
  }
}

async function main(asked: string[]): Promise<number> {
  const suites = asked.length > 0 ? asked : ['unit', 'engine', 'acceptance', 'alone'];
  const floors = z
    .record(z.string(), z.int())
    .parse(JSON.parse(await readFile(join(ROOT, 'test', 'floors.json'), 'utf8')));
  const results = await mkdtemp(join(tmpdir(), 'gantry-results-'));
  // Engine tests want the packages and an engine, acceptance tests a whole platform: one set-up serves both.
  let platform: TestPlatform | undefined;
  const reports = new Map<string, SuiteReport | undefined>();
  try {
    for (const suite of suites) {
      if (suite !== 'unit') platform ??= await startPlatform({ GANTRY_EGRESS_ALLOW: RECEIVERS });
      const env = platform
        ? { ...process.env, [RUNNING_PLATFORM]: JSON.stringify(platform.place) }
        : process.env;
      reports.set(suite, await runSuite(suite, results, env));
    }
  } finally {
    await platform?.remove();
    await rm(results, { recursive: true, force: true });
  }
  const { passed, failed, complaints } = summarize(reports, floors);
  for (const complaint of complaints) process.stdout.write(`${complaint}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (err: unknown) => {
    process.stderr.write(`${err instanceof Error ? (err.stack ?? err.message) : String(err)}\n`);
    process.stdout.write('0 passed, 1 failed\n');
    process.exit(1);
  },
);
