import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { KnownError } from '../../lib/errors.ts';
import type { FailureResource } from '../contract/resources.ts';
import { statusOf } from './errors.ts';

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly text: string;
}

function refusalOf(err: KnownError, resource?: string): Refusal {
  const requestId = randomUUID();
  const { id, message, retry } = err;
  const body: FailureResource = {
    ...{ id, message },
    ...(resource !== undefined && { resource }),
    ...{ retry, request_id: requestId },
  };
  const text = JSON.stringify(body);
  const headers = {
    Connection: 'close',
    'Cache-Control': 'private, no-cache',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Request-Id': requestId,
  };
  return { status: statusOf(err), headers, text };
}

/** A whole answer that refuses and ends the connection, for where there is a bare socket. */
export function refusal(err: KnownError, resource?: string): string {
  const { status, headers, text } = refusalOf(err, resource);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', text].join('\r\n');
}

/** The same, for where nothing of express has seen the request. */
export function sendRefusal(err: KnownError, res: ServerResponse): void {
  const { status, headers, text } = refusalOf(err);
  res.writeHead(status, headers).end(text);
}
