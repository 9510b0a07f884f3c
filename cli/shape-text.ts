import * as z from 'zod';
import { SHAPES, type Output } from './output-shapes.ts';

/** What of JSON Schema the schemas of shapes become. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

/** Every shape that `--json` prints, in the way types are written, in the order of its name. */
export function shapeTexts(): readonly { readonly name: string; readonly text: string }[] {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SHAPES)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => id });
  return Object.entries(schemas)
    .map(([name, schema]) => ({ name, text: typeText(schema as Schema, '') }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** `App[]`, `LogLine per line`, `Release or RollbackPlan`. */
export function outputText(output: Output): string {
  return typeof output === 'string' ? output : output.join(' or ');
}

function typeText(schema: Schema, indent: string): string {
  const { $ref, anyOf, items, type } = schema;
  if ($ref !== undefined) return $ref;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (anyOf !== undefined) return anyOf.map((one) => typeText(one, indent)).join(' | ');
  if (items !== undefined) return listText(typeText(items, indent));
  if (type === 'object') return objectText(schema, indent);
  if (type === undefined) return 'anything';
  return typeof type === 'string' ? type : type.join(' | ');
}

function listText(item: string): string {
  return item.includes(' | ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
}

function objectText(
  { properties = {}, required = [], additionalProperties }: Schema,
  indent: string,
): string {
  const fields = Object.entries(properties);
  if (fields.length === 0)
    return typeof additionalProperties === 'object'
      ? `{ [name]: ${typeText(additionalProperties, indent)} }`
      : '{}';
  const inner = `${indent}  `;
  const lines = fields.map(([name, schema]) => {
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
    return `${key}${required.includes(name) ? '' : '?'}: ${typeText(schema, inner)}`;
  });
  const short = `{ ${lines.join(', ')} }`;
  if (indent !== '' && short.length < 100 && !short.includes('\n')) return short;
  return `{\n${lines.map((line) => `${inner}${line}`).join('\n')}\n${indent}}`;
}
