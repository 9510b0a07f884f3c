import { UsageError } from './failures.ts';

/** The value of an option as a whole number from 1 on; anything else is a UsageError. */
export function wholeNumber(option: string, text: string, limits: { readonly max: number }): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= 1 && value <= limits.max) return value;
  throw new UsageError(`${option} must be a number from 1 to ${limits.max}, not ${text}.`);
}
