import * as z from 'zod';
import { TOPICS } from './endpoints/all.ts';
import type { Endpoint } from './endpoint.ts';
import { failure } from './resources.ts';

/** A document in OpenAPI 3.1, as plain JSON. */
export type OpenApi = Readonly<Record<string, unknown>>;

/** The whole HTTP API as an OpenAPI 3.1 document, made of what the endpoints say of themselves. */
export function openApi(version: string): OpenApi {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [topic, endpoints] of Object.entries(TOPICS)) {
    for (const [name, endpoint] of Object.entries(endpoints)) {
      const path = endpoint.path.replaceAll(/[:*](\w+)/g, '{$1}');
      paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(topic, name, endpoint) };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gantry',
      version,
      description:
        'The paths, shapes, statuses and error ids of the Heroku Platform API v3; what that does not have is under /gantry.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: Object.keys(TOPICS).map((name) => ({ name })),
    paths,
    components: {
      schemas: { failure: schemaOf(failure, 'output') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'or Basic with the token as the password' },
      },
    },
  };
}

function operation(topic: string, name: string, endpoint: Endpoint): object {
  const { needs, summary, status = 200, body, query, answer, ranges, streams } = endpoint;
  const open = needs === 'open' || needs === 'link';
  return {
    operationId: `${topic}.${name}`,
    tags: [topic],
    summary,
    'x-gantry-needs': needs,
    security: open ? [] : [{ token: [] }],
    parameters: [
      ...pathParameters(endpoint),
      ...queryParameters(query),
      ...(ranges ? [rangeHeader(ranges)] : []),
    ],
    ...(body && { requestBody: { content: json(schemaOf(body, 'input')) } }),
    responses: {
      [String(status)]: {
        description: 'done',
        content: streams ? { [streams]: {} } : json(schemaOf(answer, 'output')),
      },
      ...(ranges && { 206: { description: 'a part of the list; Next-Range asks for the rest' } }),
      default: { description: 'refused', content: json({ $ref: '#/components/schemas/failure' }) },
    },
  };
}

function pathParameters({ path }: Endpoint): object[] {
  return [...path.matchAll(/[:*](\w+)/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true },
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodType | undefined): object[] {
  if (!(query instanceof z.ZodObject)) return [];
  return Object.entries(query.shape as Record<string, z.ZodType>).map(([name, schema]) => ({
    ...{ name, in: 'query', required: !schema.safeParse(undefined).success },
    schema: schemaOf(schema, 'input'),
  }));
}

function rangeHeader(fields: readonly string[]): object {
  return {
    ...{ name: 'Range', in: 'header', required: false },
    description: `\`FIELD [START]..[END][; max=N][, order=asc|desc]\`; fields: ${fields.join(', ')}`,
    schema: { type: 'string' },
  };
}

function json(schema: unknown): object {
  return { 'application/json': { schema } };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  // What cannot be said in JSON Schema (a check by code) is left to the server to say.
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return Object.fromEntries(Object.entries(made).filter(([name]) => name !== '$schema'));
}
