import { Client } from 'pg';
import { expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { createAccounts as createAccountStore } from '../../server/adapters/postgres/accounts.ts';
import { createApps } from '../../server/adapters/postgres/apps.ts';
import { openDatabase } from '../../server/adapters/postgres/database.ts';
import { createPeople as createPeopleStore } from '../../server/adapters/postgres/people.ts';
import { createTokens } from '../../server/adapters/postgres/tokens.ts';
import { newMasterKey } from '../../server/adapters/secrets/master-key.ts';
import { createSealer } from '../../server/adapters/secrets/sealer.ts';
import { createAccounts, newToken } from '../../server/services/accounts.ts';
import { createAuthorizations } from '../../server/services/authorizations.ts';
import { createPeople } from '../../server/services/people.ts';
import { createFastPasswords } from '../support/memory-people.ts';
import { migratedPostgres } from '../support/migrated-postgres.ts';
import { patient } from '../support/stores.ts';

const createDatabase = migratedPostgres();
const IP = '192.0.2.7';

/** Every text that is in any table. */
async function everyText(url: string): Promise<readonly string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const texts = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value === 'string') texts.add(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
  };
  try {
    const tables = await client.query<{ tablename: string }>(
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    );
    for (const { tablename } of tables.rows)
      collect(
        (await client.query(`SELECT to_jsonb(t) AS row FROM ${client.escapeIdentifier(tablename)} t`)).rows,
      );
  } finally {
    await client.end();
  }
  return [...texts];
}

it('a copy of the database lets nobody in [S-API-05]', async () => {
  const url = await createDatabase();
  const clock = { now: () => new Date() };
  await using db = openDatabase({ url, log: quietLog(), connections: 3 });
  const sealer = createSealer({ keys: [newMasterKey()] });
  const [store, tokens] = [createAccountStore({ db, clock }), createTokens({ db, clock })];
  const accounts = createAccounts({ store, tokens, clock });
  const apps = createApps({ db, sealer, clock });
  const people = createPeople({
    ...{ store: createPeopleStore({ db, sealer, clock }), passwords: createFastPasswords(), clock },
  });
  const first = newToken();
  await accounts.welcomeAdmin('admin@example.com', first, patient);
  const admin = await accounts.authenticate(first.reveal(), IP, patient);
  const made = await createAuthorizations({ store: tokens, apps, clock }).create(admin, { ip: IP }, patient);
  const invited = await people.invite(admin, { email: 'new@example.com', admin: false }, patient);

  const stolen = await everyText(url);
  expect(stolen).toContain('admin@example.com');
  for (const secret of [first, made.secret, invited.secret])
    expect(stolen.some((text) => text.includes(secret.reveal().slice(8)))).toBe(false);
  for (const text of stolen)
    for (const tried of [
      text,
      `gantry_${text}`,
      `gantry_${text.slice(0, 43)}`,
      `gantry_invite_${text.slice(0, 43)}`,
    ]) {
      await expect(accounts.authenticate(tried, IP, patient), tried).rejects.toMatchObject({
        id: 'unauthorized',
      });
      const given = { secret: new Secret(tried), password: new Secret('wide river, three stones') };
      await expect(people.accept(given, patient), tried).rejects.toMatchObject({ id: 'invitation_over' });
    }
  await expect(accounts.authenticate(made.secret.reveal(), IP, patient)).resolves.toMatchObject({
    userId: admin.userId,
  });
});
