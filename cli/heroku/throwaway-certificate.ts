import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate that signs itself, with its key, both PEM. */
export interface ThrowawayCertificate {
  readonly key: string;
  readonly cert: string;
}

const LIFE_MS = 30 * 24 * 60 * 60_000;
/** Clocks that are a little apart. */
const BEFORE_MS = 60 * 60_000;

/**
 * A certificate for 127.0.0.1 that one process makes for itself and another is told to trust; the key is never written
 * anywhere. Made here, because Node can read certificates but not make them, and openssl need not be on this machine.
 */
export function makeThrowawayCertificate(now: Date): ThrowawayCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(tagged(0x31, sequence(COMMON_NAME, tagged(0x0c, Buffer.from('gantry loopback')))));
  const subjectAltName = sequence(tagged(0x87, Buffer.from([127, 0, 0, 1])));
  const content = sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])), // the leading 1 keeps it positive
    ECDSA_WITH_SHA256,
    name,
    sequence(time(now.getTime() - BEFORE_MS), time(now.getTime() + LIFE_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(sequence(SUBJECT_ALT_NAME, tagged(0x04, subjectAltName)))),
  );
  const signature = sign('sha256', content, privateKey);
  const der = sequence(
    content,
    ECDSA_WITH_SHA256,
    tagged(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

/** One value of DER: its tag, its length, itself. */
function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts);
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
/** UTCTime, which is what dates before 2050 are written in. */
const time = (ms: number): Buffer =>
  tagged(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
const objectId = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'));

const ECDSA_WITH_SHA256 = sequence(objectId('2a8648ce3d040302')); // 1.2.840.10045.4.3.2
const COMMON_NAME = objectId('550403'); // 2.5.4.3
const SUBJECT_ALT_NAME = objectId('551d11'); // 2.5.29.17
