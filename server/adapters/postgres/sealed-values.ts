import { PlatformError } from '../../domain/errors.ts';
import type { SealedValues } from '../../ports/master-key.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Ask, Database } from './database.ts';
import {
  answerContext,
  certificateContext,
  drainContext,
  releaseContext,
  setupContext,
  totpContext,
  webhookContext,
} from './seal-contexts.ts';

/** A column of sealed values. */
interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** The columns that name a row. */
  readonly key?: readonly string[];
  /** What the value in a row belongs to. */
  readonly context: (of: (column: string) => string) => string;
}

/** Every column of the database that holds sealed values; a test holds it against the database itself. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'Release', column: 'config', context: (of) => releaseContext(of('appId'), of('id')) },
  { table: 'Certificate', column: 'key', context: (of) => certificateContext(of('appId'), of('id')) },
  { table: 'Drain', column: 'sealedUrl', context: (of) => drainContext(of('id')) },
  { table: 'Webhook', column: 'secret', context: (of) => webhookContext(of('id'), 'secret') },
  { table: 'Webhook', column: 'authorization', context: (of) => webhookContext(of('id'), 'authorization') },
  { table: 'User', column: 'totp', context: (of) => totpContext(of('id')) },
  { table: 'User', column: 'totpPending', context: (of) => totpContext(of('id')) },
  { table: 'AppSetup', column: 'sealedOverrides', context: (of) => setupContext(of('id'), 'order') },
  { table: 'AppSetup', column: 'sealedPostdeploy', context: (of) => setupContext(of('id'), 'postdeploy') },
  {
    table: 'RequestAnswer',
    column: 'body',
    key: ['userId', 'requestId'],
    context: (of) => answerContext(of('userId'), of('requestId')),
  },
];

type Row = Readonly<Record<string, unknown>>;

export function createSealedValues({
  db,
  sealer,
}: {
  readonly db: Database;
  readonly sealer: Sealer;
}): SealedValues {
  return {
    async sealedOtherwise(keyId, signal) {
      let sum = 0;
      for (const one of SEALED_COLUMNS) {
        const text = `SELECT count(*)::int AS count FROM "${one.table}" WHERE ${isOther(one)}`;
        const [found] = await db.ask<{ count: number }>(question('count', one, text), [keyId], signal);
        sum += found?.count ?? 0;
      }
      return sum;
    },

    async resealAll(keyId, signal) {
      const done = { resealed: 0, unreadable: 0 };
      for (const one of SEALED_COLUMNS) {
        const text = `SELECT ${keyOf(one).map(quoted).join(', ')} FROM "${one.table}" WHERE ${isOther(one)}`;
        for (const row of await db.ask<Row>(question('list', one, text), [keyId], signal)) {
          signal.throwIfAborted();
          const became = await db.dealing((ask) => reseal(ask, one, { sealer, keyId, row }), signal);
          if (became !== 'gone') done[became] += 1;
        }
      }
      return done;
    },
  };
}

/** What says that nobody need be told: a value that is sealed anew is the value that it was. */
const SAY_RESEALING = { name: 'say resealing', text: "SELECT set_config('gantry.resealing', 'on', true)" };

async function reseal(
  ask: Ask,
  one: SealedColumn,
  { sealer, keyId, row }: { readonly sealer: Sealer; readonly keyId: string; readonly row: Row },
): Promise<'resealed' | 'unreadable' | 'gone'> {
  const key = keyOf(one).map((name) => row[name]);
  const named = keyOf(one).map((name, at) => `"${name}" = $${at + 2}`);
  const read = `SELECT * FROM "${one.table}" WHERE ${[isOther(one), ...named].join(' AND ')} FOR UPDATE`;
  const [found] = await ask<Row>(question('read', one, read), [keyId, ...key]);
  if (found === undefined) return 'gone'; // or sealed anew by whoever changed it
  const context = one.context((column) => String(found[column]));
  let value: string;
  try {
    value = sealer.open(found[one.column] as Uint8Array, context);
  } catch (err) {
    if (PlatformError.is(err, 'config_unreadable')) return 'unreadable';
    throw err;
  }
  await ask(SAY_RESEALING, []);
  const write = `UPDATE "${one.table}" SET "${one.column}" = $1 WHERE ${named.join(' AND ')}`;
  await ask(question('write', one, write), [sealer.seal(value, context), ...key]);
  return 'resealed';
}

/** Bytes 2 to 5 of an envelope name its key; `$1` is the one that is current. What was forgotten is empty. */
const isOther = ({ column }: SealedColumn): string =>
  `length("${column}") > 0 AND substring("${column}" FROM 2 FOR 4) <> decode($1, 'hex')`;

const keyOf = ({ key = ['id'] }: SealedColumn): readonly string[] => key;
const quoted = (name: string): string => `"${name}"`;

function question(what: string, { table, column }: SealedColumn, text: string) {
  return { name: `${what} sealed ${table} ${column}`, text };
}
