import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../../server/adapters/postgres/migrate.ts';
import { MIGRATIONS } from '../support/migrated-postgres.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { insertUser, openPostgres, patient, type Stores } from '../support/stores.ts';

const PAGES = '0013_transcript_pages';

let postgres: TestPostgres;
let older: string;
beforeAll(async () => {
  postgres = await startPostgres();
  older = await mkdtemp(join(tmpdir(), 'gantry-older-'));
  await cp(MIGRATIONS, older, { recursive: true, filter: (from) => !from.includes(PAGES) });
});
afterAll(async () => {
  await rm(older, { recursive: true });
  await postgres[Symbol.asyncDispose]();
});

/** A database as the program before pages left it, with an app; then what is there after the upgrade. */
async function openOlder() {
  const url = await postgres.createDatabase();
  await migrate(url, older, patient);
  const { userId } = await insertUser(url, false);
  const client = new Client({ connectionString: url });
  await client.connect();
  const sql = async (text: string, values: readonly unknown[] = []): Promise<void> => {
    await client.query(text, [...values]);
  };
  const appId = randomUUID();
  await sql(
    `INSERT INTO "App" (id, name, "ownerId", network, formation, "updatedAt") VALUES ($1, 'old', $2, 1, '{}', now())`,
    [appId, userId],
  );
  return {
    say: (stream: string, from: number, to: number) =>
      sql(
        `INSERT INTO "TranscriptLine" (stream, text) SELECT $1, 'line ' || n FROM generate_series($2::int, $3::int) n`,
        [stream, from, to],
      ),
    async build(): Promise<string> {
      const id = randomUUID();
      await sql(
        `INSERT INTO "Build" (id, "appId", "userId", status, ref, commit) VALUES ($1, $2, $3, 'succeeded', 'x', 'x')`,
        [id, appId, userId],
      );
      return id;
    },
    async deployment(buildId: string): Promise<string> {
      const [id, releaseId] = [randomUUID(), randomUUID()];
      await sql(
        `INSERT INTO "Release" (id, "appId", version, status, description, config, "userId", "buildId", "updatedAt")
         SELECT $1, $2, count(*) + 1, 'succeeded', 'x', '', $3, $4, now() FROM "Release"`,
        [releaseId, appId, userId, buildId],
      );
      await sql(
        `INSERT INTO "Deployment" (id, "appId", "releaseId", seq, status)
         SELECT $1, $2, $3, count(*) + 1, 'succeeded' FROM "Deployment"`,
        [id, appId, releaseId],
      );
      return id;
    },
    async upgraded(): Promise<Stores> {
      await client.end();
      expect(await migrate(url, MIGRATIONS, patient)).toEqual([PAGES]);
      return openPostgres(url);
    },
  };
}

const lines = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);

it('keeps what builds and their deployments had printed, in the order in which it was read', async () => {
  const old = await openOlder();
  const build = await old.build();
  const deployment = await old.deployment(build);
  await old.say(build, 1, 450);
  await old.say(deployment, 451, 452);
  await old.say(build, 453, 454);
  await using stores = await old.upgraded();
  const ofBuild = await stores.transcripts.read(build, 0, patient);
  const ofDeployment = await stores.transcripts.read(deployment, 0, patient);
  const all = [...ofBuild, ...ofDeployment].sort((a, b) => a.position - b.position);
  expect(all.flatMap((page) => page.lines)).toEqual(lines(1, 454));
  expect(ofBuild.length).toBeLessThan(10);
  await stores.transcripts.append(build, ['later'], patient);
  expect((await stores.transcripts.read(build, all.at(-1)?.position ?? 0, patient))[0]?.lines).toEqual([
    'later',
  ]);
});

it('keeps the beginning and the end of a long one, and says how much was between them', async () => {
  const old = await openOlder();
  const build = await old.build();
  await old.say(build, 1, 12_000);
  await using stores = await old.upgraded();
  const pages = await stores.transcripts.read(build, 0, patient);
  expect(pages.flatMap((page) => page.lines)).toEqual([
    ...lines(1, 2_500),
    ' !     [7000 lines of output left out here]',
    ...lines(9_501, 12_000),
  ]);
});

it('leaves those of older builds behind, and says so from the first look on', async () => {
  const old = await openOlder();
  const builds: string[] = [];
  for (let i = 0; i < 22; i += 1) {
    const build = await old.build();
    builds.push(build);
    await old.say(build, 1, 1);
    await old.say(await old.deployment(build), 2, 2);
  }
  await using stores = await old.upgraded();
  expect(await stores.transcripts.prune(20, patient)).toBe(4);
  const there: number[] = [];
  for (const id of builds) there.push((await stores.transcripts.read(id, 0, patient)).length);
  expect(there).toEqual([0, 0, ...Array.from({ length: 20 }, () => 1)]);
  expect(await stores.transcripts.pruned(builds.slice(0, 1), patient)).toBe(true);
  expect(await stores.transcripts.pruned(builds.slice(2), patient)).toBe(false);
});

it('comes through with nothing to keep', async () => {
  await using stores = await (await openOlder()).upgraded();
  const stream = randomUUID();
  await stores.transcripts.append(stream, ['first'], patient);
  expect((await stores.transcripts.read(stream, 0, patient)).flatMap((page) => page.lines)).toEqual([
    'first',
  ]);
});
