import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { migratedPostgres } from '../support/migrated-postgres.ts';
import { openPostgres, patient } from '../support/stores.ts';

const createDatabase = migratedPostgres();

it('takes little more room than it has to say, however short its lines', async () => {
  const url = await createDatabase();
  await using stores = openPostgres(url);
  const stream = randomUUID();
  let said = 0;
  for (let i = 0; i < 50; i += 1) {
    const lines = Array.from({ length: 1_000 }, (_, nth) => `       ${i * 1_000 + nth}`);
    said += lines.join('\n').length;
    await stores.transcripts.append(stream, lines, patient);
  }
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relname LIKE 'Transcript%' AND relkind = 'r'`,
  );
  await client.end();
  expect(said).toBeGreaterThan(600_000);
  expect(Number(rows[0]?.bytes)).toBeLessThan(said);
});
