import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';

const STEPS = [1, 2, 3];
/** Short, so that the engine for builds, which clips a step that prints too fast, has no reason to. */
const LINES_OF_A_STEP = 15_000;

let ann: Person;
let repo: Repo;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  repo = await ann.newApp('talkative');
});
afterAll(() => ann[Symbol.asyncDispose]());

/** Pushes the app with these steps besides; all that a person sees of it. */
async function push(...steps: readonly string[]): Promise<{ code: unknown; shown: string }> {
  const { Dockerfile = '', ...files } = dockerfileApp('talkative');
  const fresh = `ENV ATTEMPT=${randomUUID()}`; // a step that was run before is not run again, and prints nothing
  await repo.commit({ ...files, Dockerfile: [Dockerfile, fresh, ...steps, ''].join('\n') });
  const pushing = repo.startPush();
  const chunks: Buffer[] = [];
  pushing.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(pushing, 'close')) as unknown[];
  return { code, shown: Buffer.concat(chunks).toString() };
}

/** The numbers that the steps have printed, as one would read them. */
function numbersIn(text: string): string[] {
  return text.split('\n').flatMap((line) => /^(?:remote: )? {7}(\d+) *$/.exec(line)?.[1] ?? []);
}

it('of a build that prints very much the beginning and the end are shown and kept, with a count of what is between', async () => {
  const last = (step: number): number => step * 100_000 + LINES_OF_A_STEP;
  const { code, shown } = await push(...STEPS.map((step) => `RUN seq ${step}00001 ${last(step)}`));
  expect(code, shown.slice(-2_000)).toBe(0);
  expect(shown).toContain('Verifying deploy... done.');

  const numbers = numbersIn(shown);
  expect(numbers.length).toBeLessThanOrEqual(20_000);
  expect([numbers[0], numbers.at(-1)]).toEqual(['100001', String(last(3))]);
  const leftOut = Number(/\[(\d+) lines of output, \d+ kB, left out here\]/.exec(shown)?.[1]);
  expect(numbers.length + leftOut).toBeGreaterThanOrEqual(STEPS.length * LINES_OF_A_STEP);

  const kept = await ann.gantry('builds:output', '-a', 'talkative');
  expect(numbersIn(kept.stdout)).toEqual(numbers);
  expect(kept.stdout).toContain(`[${leftOut} lines of output`);
});

it('of a build that fails after very much output the end is there: why it failed', async () => {
  const { code, shown } = await push('RUN seq 1 25000 && echo the reason at last && exit 9');
  expect(code).not.toBe(0);
  const end = shown.slice(shown.indexOf('left out here]'));
  expect(end).toMatch(/ {7}the reason at last/);
  expect(end).toMatch(/ !\s+Push rejected, RUN seq .* failed: exit code 9\./);
});
