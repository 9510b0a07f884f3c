import { destination, pino, stdTimeFunctions, type Logger as PinoLogger } from 'pino';

/** The one way to say something to the operator: a constant sentence fragment, data in named fields. */
export type Logger = PinoLogger;

/** A root logger that writes JSON lines to standard error, so that standard output stays a program's result. */
export function rootLog(program: string, level: string): Logger {
  return pino(
    { level, base: { program }, timestamp: stdTimeFunctions.isoTime },
    destination({ fd: 2, sync: true }),
  );
}

/** A logger that says nothing, for tests and tools. */
export function quietLog(): Logger {
  return pino({ level: 'silent' });
}
