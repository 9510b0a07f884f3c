import type { z } from 'zod';

/** How every message begins that zod has for a rule without one of ours. */
const ZODS_OWN = /^(?:Invalid |Too (?:small|big): |Unrecognized keys?: )/;

/**
 * What is wrong with a value, as the end of a sentence about it: `must be at least 1`. A message that was written for
 * the rule is taken as it is; only zod's own, which speak of types and operators, are put in words.
 */
export function problemOf(issue: z.core.$ZodIssue): string {
  if (!ZODS_OWN.test(issue.message)) return issue.message.replace(/\.$/, '');
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${NOUNS[issue.expected] ?? `a ${issue.expected}`}`;
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum), issue.inclusive ?? true);
    case 'too_big':
      return tooBig(issue.origin, Number(issue.maximum));
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'invalid_key': {
      const [first] = issue.issues; // what the rule for names says of this one
      return first === undefined ? NOT_EXPECTED : problemOf(first);
    }
    case 'unrecognized_keys':
      return 'is not a field that can be given here';
    default:
      return NOT_EXPECTED;
  }
}

const NOT_EXPECTED = 'does not have the form that is expected here';

const NOUNS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  boolean: 'true or false',
};

function tooSmall(origin: string, minimum: number, inclusive: boolean): string {
  if (origin === 'string' || origin === 'array')
    return minimum === 1 ? 'must not be empty' : `must have at least ${minimum} ${PARTS[origin] ?? 'parts'}`;
  return inclusive ? `must be at least ${minimum}` : `must be more than ${minimum}`;
}

function tooBig(origin: string, maximum: number): string {
  if (origin === 'string' || origin === 'array')
    return `must have at most ${maximum} ${PARTS[origin] ?? 'parts'}`;
  return `must be at most ${maximum}`;
}

const PARTS: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };
