import { createHmac, timingSafeEqual } from 'node:crypto';

/** One-time codes of authenticator apps: RFC 6238 with the parameters that all of them know. */
const STEP_MS = 30_000;
const DIGITS = 6;
/** Clocks may differ by one step either way. */
const DRIFT = [0, -1, 1] as const;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function totpStep(now: Date): number {
  return Math.floor(now.getTime() / STEP_MS);
}

/** The code that a key, in base32, shows during a time step. */
export function totpCode(key: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', fromBase32(key)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The time step whose code this is; undefined for none that is now, nearly now or just over. */
export function matchingStep(key: string, code: string, now: Date): number | undefined {
  const said = code.replaceAll(' ', '');
  if (!/^\d{6}$/.test(said)) return undefined;
  const current = totpStep(now);
  return DRIFT.map((drift) => current + drift).find((step) =>
    timingSafeEqual(Buffer.from(totpCode(key, step)), Buffer.from(said)),
  );
}

/** What an authenticator app reads, as a QR code mostly. */
export function otpauthUrl(key: string, email: string, issuer: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(email)}`;
  return `otpauth://totp/${label}?secret=${key}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`;
}

export function toBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32.charAt((value >> (bits - 5)) & 31);
  }
  return bits > 0 ? text + BASE32.charAt((value << (5 - bits)) & 31) : text;
}

function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of text) {
    value = ((value << 5) | BASE32.indexOf(letter)) & 0xffff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
  }
  return Buffer.from(bytes);
}
