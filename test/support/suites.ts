/** What script/test does after set-up: one platform for all suites, suite after suite, then the count. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { RUNNING_PLATFORM } from './platform-setup.ts';
import { RECEIVERS } from './drain-receiver.ts';
import { startPlatform, type TestPlatform } from './platform.ts';
import { suiteReport, summarize, type SuiteReport } from './summary.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** From the cheapest to the dearest. Those of one line run together: they share nothing, and wait more than they work. */
const SUITES = [['unit'], ['engine'], ['acceptance'], ['alone', 'apart']];

async function runSuite(
  suite: string,
  { results, titled }: { results: string; titled: string | undefined },
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
      ...(titled === undefined ? [] : ['--testNamePattern', titled]),
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

/** So many tests each suite must have. */
const readFloors = async (): Promise<Readonly<Record<string, number>>> =>
  z.record(z.string(), z.int()).parse(JSON.parse(await readFile(join(ROOT, 'test', 'floors.json'), 'utf8')));

/**
 * Engine tests want the packages and an engine, acceptance tests a whole platform: one set-up serves both. It goes on
 * while the unit tests run, which need neither.
 */
const needsPlatform = (suite: string): boolean => suite !== 'unit';

/** What is to be run: all of `suites`, or of these what has such a title. */
function readArguments(args: string[]): { suites: string[][]; titled: string | undefined } {
  const options = { titled: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  return {
    suites: positionals.length > 0 ? positionals.map((one) => [one]) : SUITES,
    titled: values.titled,
  };
}

async function main(args: string[]): Promise<number> {
  const { suites, titled } = readArguments(args);
  const floors = titled === undefined ? await readFloors() : null;
  const results = await mkdtemp(join(tmpdir(), 'gantry-results-'));
  const starting = suites.flat().some(needsPlatform)
    ? startPlatform({ GANTRY_EGRESS_ALLOW: RECEIVERS })
    : null;
  starting?.catch(() => undefined); // it is waited for below
  let platform: TestPlatform | null = null;
  const reports = new Map<string, SuiteReport | undefined>();
  try {
    for (const together of suites) {
      if (together.some(needsPlatform)) platform ??= await starting;
      const env = platform
        ? { ...process.env, [RUNNING_PLATFORM]: JSON.stringify(platform.place) }
        : process.env;
      await Promise.all(
        together.map(async (suite) => reports.set(suite, await runSuite(suite, { results, titled }, env))),
      );
    }
  } finally {
    await (await starting?.catch(() => null))?.remove();
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
