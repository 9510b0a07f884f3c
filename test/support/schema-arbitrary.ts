import fc from 'fast-check';
import * as z from 'zod';

/** The part of JSON Schema that zod writes for the bodies of our endpoints. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
}

/** What somebody who means harm writes where a text belongs. */
const HOSTILE = [
  '',
  ' ',
  '\0',
  'a\nb',
  'a\r\nX: y',
  ';id',
  '$(id)',
  '`id`',
  "' OR 1=1 --",
  '"',
  '../../etc/passwd',
  '%0a',
  '{{7*7}}',
  '${x}',
  '--flag',
  '__proto__',
  'constructor',
  '\u202e',
  '\ud800',
  '💥',
  'x'.repeat(5000),
  'a.b@c',
  'https://127.0.0.1/',
  '0',
  '-1',
  '+1',
  'null',
];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

/** Any JSON, with the names that objects have by birth among its keys. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  hostileText,
  fc.constantFrom<unknown>(null, true, 1e308, -0, [], {}, [[[[]]]]),
);

/** Bodies for an endpoint: mostly of its form, sometimes with a part that is not, sometimes anything at all. */
export function bodyFor(schema: z.ZodType | undefined): fc.Arbitrary<unknown> {
  if (schema === undefined) return fc.oneof(fc.constant(undefined), anything);
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return fc.oneof(
    { weight: 6, arbitrary: valueFor(json, 0) },
    { weight: 1, arbitrary: anything },
    { weight: 1, arbitrary: valueFor(json, 0).map(extended) },
  );
}

function valueFor(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  if (depth > 5) return fc.constant(null);
  const right = rightFor(schema, depth);
  return fc.oneof({ weight: 8, arbitrary: right }, { weight: 1, arbitrary: anything });
}

function rightFor(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return fc.oneof(...either.map((one) => valueFor(one, depth + 1)));
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['any']);
  return fc.oneof(...types.map((type) => ofType(type, schema, depth)));
}

function ofType(type: string, schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case 'string':
      return fc.oneof(hostileText, fc.stringMatching(/^[a-z][a-z0-9-]{2,12}$/), fc.uuid());
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer(), fc.double(), fc.integer({ min: 0, max: 5 }));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valueFor(schema.items ?? {}, depth + 1), { maxLength: 4 });
    case 'object':
      return objectFor(schema, depth);
    default:
      return anything;
  }
}

function objectFor(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const known = Object.entries(schema.properties ?? {});
  const shape = Object.fromEntries(known.map(([name, one]) => [name, valueFor(one, depth + 1)]));
  const record = fc.record(shape, { requiredKeys: [...(schema.required ?? [])] });
  const extra = schema.additionalProperties;
  if (extra === undefined || extra === false) return record;
  const more = fc.dictionary(hostileText, valueFor(extra === true ? {} : extra, depth + 1), { maxKeys: 4 });
  return fc.tuple(record, more).map(([own, others]) => ({ ...others, ...own }));
}

function extended(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { ...value, nobodyKnowsThis: 1, ownerId: 'me', role: 'admin' }
    : value;
}
