import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type QueryResultRow } from 'pg';
import { pause } from '../../../lib/deadline.ts';
import type { Logger } from '../../../lib/log.ts';
import type { Cause } from '../../domain/cause.ts';
import { foreignFailure, lostRace } from './failures.ts';
import { PrismaClient, type Prisma } from './generated/client.ts';

/** The tables, inside or outside a transaction. */
export type Tables = Prisma.TransactionClient;

export interface Database extends AsyncDisposable {
  /** One statement, or several that need not agree with each other. Throws `database_away`. */
  run<T>(work: (tables: Tables) => Promise<T>, signal: AbortSignal): Promise<T>;
  /**
   * One question that the server has prepared, past Prisma's client, which takes longer over it than PostgreSQL: for what
   * is asked before every call. Throws `database_away`.
   */
  ask<Row extends QueryResultRow>(
    question: Question,
    values: readonly unknown[],
    signal: AbortSignal,
  ): Promise<readonly Row[]>;
  /**
   * Several statements that happen together or not at all. May call `work` again when PostgreSQL rolled it back because
   * of another transaction, so it must do nothing but use `tables`. Throws `database_away`.
   */
  transaction<T>(work: (tables: Tables) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** As `transaction`, of questions that the server has prepared, past Prisma's client: for what most changes are made of. */
  dealing<T>(work: (ask: Ask) => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** Asks one question within a transaction. */
export type Ask = <Row extends QueryResultRow>(
  question: Question,
  values: readonly unknown[],
) => Promise<readonly Row[]>;

/** One statement without its values. Its name is that of no other, as a connection prepares it under it. */
interface Question {
  readonly name: string;
  readonly text: string;
}

/** No statement of ours takes near as long; a hung one must not hold a connection for ever. */
const STATEMENT_LIMIT_MS = 15_000;
const CONNECT_LIMIT_MS = 5_000;
const TRANSACTION_LIMIT_MS = 20_000;
const RACES = 5;

/** What changes tables, by Prisma's names; a raw query is taken for a question unless it is executed. */
const WRITES = /^(?:create|update|upsert|delete|\$executeRaw)/;

/**
 * Opens a pool on a PostgreSQL URL; connects when first used, and again after the database was away. `cause` is asked
 * with every write whose call it is part of, so that the events of it can name who caused them.
 */
export function openDatabase({
  url,
  log,
  cause = () => undefined,
  connections = 10,
}: {
  readonly url: string;
  readonly log: Logger;
  readonly cause?: () => Cause | undefined;
  readonly connections?: number;
}): Database {
  const lost = (err: Error): void => log.debug({ err }, 'a database connection was lost');
  const pool = new Pool({
    connectionString: url,
    max: connections,
    application_name: 'gantry',
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    statement_timeout: STATEMENT_LIMIT_MS,
    // Answers of a server that was frozen or cut off never come; this ends the wait on our side.
    query_timeout: STATEMENT_LIMIT_MS + 1_000,
  });
  // Prisma listens to the pool only once it has used it.
  pool.on('error', lost);
  const adapter = new PrismaPg(pool, { onConnectionError: lost });
  const client = new PrismaClient({
    adapter,
    errorFormat: 'minimal',
    transactionOptions: { maxWait: CONNECT_LIMIT_MS, timeout: TRANSACTION_LIMIT_MS },
  });

  const caused = withCause(client, cause);

  const guarded = async <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    try {
      return await abandonable(work, signal);
    } catch (err) {
      throw signal.aborted ? signal.reason : foreignFailure(err);
    }
  };

  return {
    run: (work, signal) => guarded(() => work(caused), signal),

    ask: <Row extends QueryResultRow>(
      { name, text }: Question,
      values: readonly unknown[],
      signal: AbortSignal,
    ) =>
      guarded(async () => {
        const { rows } = await pool.query<Row>({ name, text, values: [...values] });
        return rows;
      }, signal),

    transaction: (work, signal) =>
      guarded(
        // Idempotent: what lost a race was rolled back as a whole, so nothing of it has happened.
        () => retryLostRaces(() => client.$transaction((tables) => begun(tables, cause(), work)), signal),
        signal,
      ),

    dealing: (work, signal) =>
      // Idempotent, as above.
      guarded(() => retryLostRaces(() => deal(pool, cause(), work), signal), signal),

    async [Symbol.asyncDispose]() {
      await client.$disconnect();
      await pool.end();
    },
  };
}

async function begun<T>(
  tables: Tables,
  cause: Cause | undefined,
  work: (tables: Tables) => Promise<T>,
): Promise<T> {
  if (cause) await sayCause(tables, cause);
  return work(tables);
}

async function deal<T>(pool: Pool, cause: Cause | undefined, work: (ask: Ask) => Promise<T>): Promise<T> {
  const connection = await pool.connect();
  const ask: Ask = async <Row extends QueryResultRow>({ name, text }: Question, values: readonly unknown[]) =>
    (await connection.query<Row>({ name, text, values: [...values] })).rows;
  let broken: unknown;
  try {
    await connection.query('BEGIN');
    if (cause) await ask(SAY_CAUSE, [JSON.stringify(cause)]);
    const done = await work(ask);
    await connection.query('COMMIT');
    return done;
  } catch (err) {
    // One that cannot even be rolled back is given up, and its transaction with it.
    await connection.query('ROLLBACK').catch((problem: unknown) => (broken = problem));
    throw err;
  } finally {
    connection.release(broken !== undefined);
  }
}

const SAY_CAUSE = { name: 'say cause', text: "SELECT set_config('gantry.cause', $1, true)" };

/** Holds until the transaction ends; the triggers of the tables read it. */
function sayCause(tables: Tables, cause: Cause) {
  return tables.$executeRaw`SELECT set_config('gantry.cause', ${JSON.stringify(cause)}, true)`;
}

/** A single write that is part of a call becomes a transaction, in which its cause is said first. */
function withCause(client: PrismaClient, cause: () => Cause | undefined): Tables {
  const extended = client.$extends({
    query: {
      async $allOperations({ operation, args, query }): Promise<unknown> {
        const why = WRITES.test(operation) ? cause() : undefined;
        if (!why) return query(args);
        const asked = query(args) as Prisma.PrismaPromise<unknown>;
        const [, result] = await client.$transaction([sayCause(client, why), asked]);
        return result;
      },
    },
  });
  // The same tables; Prisma's type of an extended client only differs in what it could be extended by.
  return extended as unknown as Tables;
}

async function retryLostRaces<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (err) {
      if (!lostRace(err) || attempt === RACES) throw err;
      await pause(10 * 2 ** attempt, signal);
    }
  }
}

/** A statement takes no signal: whoever aborts leaves at once, and its own limit ends what still runs. */
export function abandonable<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', leave));
  });
}

/** Serializes whoever takes the same lock until the transaction ends. */
export async function lock(tables: Tables, name: string): Promise<void> {
  await tables.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
}

/** As `lock`. */
export const LOCK = { name: 'lock', text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))' };

/** True while this epoch reigns; no newer reign can begin before the transaction ends. */
export async function reignsStill(tables: Tables, epoch: number): Promise<boolean> {
  const [reign] = await tables.$queryRaw<
    { epoch: number }[]
  >`SELECT epoch FROM "Reign" WHERE id = 1 FOR SHARE`;
  return reign?.epoch === epoch;
}
