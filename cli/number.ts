import { UsageError } from './failures.ts';

/** The value of an option as a whole number, from 1 on unless it may be less; anything else is a UsageError. */
export function wholeNumber(
  option: string,
  text: string,
  { min = 1, max }: { readonly min?: number; readonly max: number },
): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`${option} must be a number from ${min} to ${max}, not ${text}.`);
}
