import { afterAll, beforeAll } from 'vitest';
import { migrate } from '../../server/adapters/postgres/migrate.ts';
import { watchTables } from '../../server/adapters/postgres/watched.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

export const MIGRATIONS = new URL('../../prisma/migrations', import.meta.url).pathname;

/**
 * Gives the suite it is called in a PostgreSQL of its own, which ends with it. Answers how to make a database with every
 * table of the platform, empty and watched; made once and copied, because to migrate takes a second.
 */
export function migratedPostgres(): () => Promise<string> {
  let postgres: TestPostgres | undefined;
  let template: string | undefined;
  const never = new AbortController().signal;
  beforeAll(async () => {
    postgres = await startPostgres();
    template = await postgres.createDatabase();
    await migrate(template, MIGRATIONS, never);
    await watchTables(template, never);
  });
  afterAll(async () => postgres?.[Symbol.asyncDispose]());
  return async () => {
    if (postgres === undefined || template === undefined)
      throw new Error('There is a database only while a test of the suite runs.');
    return postgres.createDatabase(template);
  };
}
