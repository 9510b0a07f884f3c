import { z } from 'zod';
import type { Formation } from '../../domain/app.ts';
import type { Upload } from '../../domain/build.ts';
import type { Ledger } from '../../domain/deployment.ts';
import type { BuiltImage } from '../../domain/release.ts';
import { Prisma } from './generated/client.ts';

/** The JSON columns, parsed on the way out: a row may have been written by another version of us. */
const formation = z
  .record(z.string(), z.int().min(0))
  .transform((counts): Formation => new Map(Object.entries(counts)));

const image = z.object({
  repository: z.string(),
  digest: z.string(),
  storedBytes: z.number().nullable().default(null),
  builder: z.string(),
  processes: z.record(
    z.string(),
    z.object({ command: z.string(), argv: z.array(z.string()).readonly().nullable() }),
  ),
  port: z.int().nullable(),
  checks: z.record(z.string(), z.string()),
}) satisfies z.ZodType<BuiltImage>;

const ledger = z.object({
  bootMs: z.number(),
  switchMs: z.number(),
  requests: z.number(),
  dropped: z.number(),
}) satisfies z.ZodType<Ledger>;

const upload = z.object({
  checksum: z.string(),
  version: z.string().nullable(),
  description: z.string().nullable(),
}) satisfies z.ZodType<Upload>;

const names = z.array(z.string());

export const readUpload = (value: unknown): Upload | null => upload.nullable().parse(value);
export const readNames = (value: unknown): readonly string[] | null => names.nullable().parse(value);
export const readFormation = (value: unknown): Formation => formation.parse(value);
export const readImage = (value: unknown): BuiltImage | null => image.nullable().parse(value);
export const readLedger = (value: unknown): Ledger | null => ledger.nullable().parse(value);

export function writeFormation(value: Formation): Prisma.InputJsonObject {
  return Object.fromEntries(value);
}

export function writeImage(value: BuiltImage | null): Prisma.InputJsonObject | typeof Prisma.DbNull {
  return value === null ? Prisma.DbNull : image.parse(value);
}

/** As `writeImage`, for a statement of our own. */
export function imageJson(value: BuiltImage | null): string | null {
  return value === null ? null : JSON.stringify(image.parse(value));
}

/** For a statement of our own. */
export function uploadJson(value: Upload | null | undefined): string | null {
  if (!value) return null;
  const { checksum, version, description } = value;
  return JSON.stringify({
    checksum,
    version: version && storable(version),
    description: description && storable(description),
  });
}

export function writeLedger(value: Ledger): Prisma.InputJsonObject {
  return { ...ledger.parse(value) };
}

/** PostgreSQL's text cannot hold NUL, and what programs print can. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD');
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** True for what may stand in an id column; anything else names nothing. */
export function isId(text: string): boolean {
  return UUID.test(text);
}
