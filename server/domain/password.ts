const SHORTEST = 12;
const LONGEST = 256;
/** Ways in which long passwords are short. */
const REPEATED = /^(.{1,8})\1+$/s;
const COMMON =
  /^(?:password|passwort|qwerty|letmein|welcome|iloveyou|admin|gantry|correcthorsebatterystaple)+[\W\d_]*$/i;
const ROWS = ['01234567890123456789', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiopasdfghjklzxcvbnm'];

/** What is wrong with a new password, as the end of a sentence; undefined when nothing is. */
export function passwordProblem(password: string, email: string): string | undefined {
  if (password.length < SHORTEST) return `must be at least ${SHORTEST} characters long; a few words do well`;
  if (password.length > LONGEST) return `must be at most ${LONGEST} characters long`;
  const plain = password.toLowerCase();
  const weak =
    REPEATED.test(plain) ||
    COMMON.test(plain) ||
    ROWS.some((row) => row.includes(plain)) ||
    plain.includes(email.toLowerCase());
  return weak ? 'is one that others would guess; choose another' : undefined;
}

const EMAIL =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** An email address as it is kept, in small letters; undefined for what is none. */
export function parseEmail(text: string): string | undefined {
  const plain = text.trim().toLowerCase();
  return plain.length <= 254 && EMAIL.test(plain) ? plain : undefined;
}
