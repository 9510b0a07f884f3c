import { PlatformError } from '../../domain/errors.ts';

/** SQLSTATEs of a transaction that PostgreSQL rolled back for the sake of another one. */
const LOST_RACES = new Set(['40001', '40P01']);

/** What drivers and PostgreSQL say when there is nobody to talk to, or nobody who has time. */
const AWAY_KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
]);
const AWAY_CODES = new Set([
  ...['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037'],
  ...['57P01', '57P02', '57P03', '53300', '08000', '08003', '08006', '08001', '08004'],
]);
const AWAY_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;

/** True when the transaction was rolled back only because another one was in the way. */
export function lostRace(err: unknown): boolean {
  return trail(err).some(
    ({ kind, codes }) =>
      kind === 'TransactionWriteConflict' || codes.some((code) => code === 'P2034' || LOST_RACES.has(code)),
  );
}

/** A foreign error in our words: `database_away` when it says so, else what it was. */
export function foreignFailure(err: unknown): unknown {
  if (PlatformError.is(err)) return err;
  const away = trail(err).some(
    ({ kind, codes, message }) =>
      AWAY_KINDS.has(kind) || codes.some((code) => AWAY_CODES.has(code)) || AWAY_WORDS.test(message),
  );
  return away ? PlatformError.of('database_away', {}, err) : err;
}

/** True when a row with this unique column was there already. */
export function isTaken(err: unknown, column: string): boolean {
  const all = trail(err);
  return all.some(({ codes }) => codes.includes('P2002')) && all.some(({ about }) => about.includes(column));
}

interface Clue {
  readonly kind: string;
  readonly codes: readonly string[];
  readonly message: string;
  readonly about: string;
}

/** Prisma wraps the adapter's error, which wraps the driver's, each in a place of its own. */
function trail(err: unknown, depth = 0): Clue[] {
  if (typeof err !== 'object' || err === null || depth > 6) return [];
  const at = (key: string): unknown => (key in err ? (err as Record<string, unknown>)[key] : undefined);
  const text = (key: string): string => {
    const value = at(key);
    return typeof value === 'string' ? value : '';
  };
  const clue = {
    kind: text('kind'),
    codes: [text('code'), text('originalCode')],
    message: text('message') || text('originalMessage'),
    about: JSON.stringify(at('constraint') ?? ''),
  };
  return [clue, ...['cause', 'meta', 'driverAdapterError'].flatMap((key) => trail(at(key), depth + 1))];
}
