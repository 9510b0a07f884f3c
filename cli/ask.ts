import { readFile } from 'node:fs/promises';
import {
  request as requestHttp,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isSystemError } from '../lib/errors.ts';
import type { Ask } from '../server/contract/transport.ts';
import { CommandError } from './failures.ts';

/**
 * Makes HTTP requests for the client of the API. Not `fetch`: that cannot say a name other than the one it connects to,
 * which `*.localhost` needs, nor trust an authority of our own.
 */
export function createAsk({ caFile }: { readonly caFile: string | undefined }): Ask {
  let authority: Promise<string> | undefined;
  return async (url, init) => {
    const { options, secure } = target(new URL(url), init.headers);
    if (secure && caFile !== undefined) options.ca = await (authority ??= readAuthority(caFile));
    // TLS is loaded for who needs it: on the server itself, and over a tunnel, nobody does.
    const request = secure ? (await import('node:https')).request : requestHttp;
    const req = request({
      ...options,
      method: init.method ?? 'GET',
      signal: init.signal,
    });
    const answer = await answered(req, init);
    const read = async (): Promise<string> => {
      const pieces: Buffer[] = [];
      for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
      return Buffer.concat(pieces).toString('utf8');
    };
    const status = answer.statusCode ?? 0;
    const header = (name: string): string | null => {
      const value = answer.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : (value ?? null);
    };
    return { status, ok: status >= 200 && status < 300, headers: { get: header }, body: answer, text: read };
  };
}

/**
 * `*.localhost` means this machine to browsers and curl, but not to Node's resolver: connect to the loopback address and
 * say the name in the Host header and in the handshake.
 */
function target(
  url: URL,
  headers: Readonly<Record<string, string>>,
): { readonly options: RequestOptions & { ca?: string; servername?: string }; readonly secure: boolean } {
  const secure = url.protocol === 'https:';
  const bare = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const here = bare.endsWith('.localhost');
  return {
    secure,
    options: {
      host: here ? '127.0.0.1' : bare,
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      path: url.pathname + url.search,
      headers: { ...headers, host: url.host },
      ...(secure && here && { servername: bare }),
    },
  };
}

function answered(
  req: ClientRequest,
  { body, content }: Pick<Parameters<Ask>[1], 'body' | 'content'>,
): Promise<IncomingMessage> {
  // Node says it by itself for methods that usually have a body; DELETE, which may have one, is none of them.
  if (body !== undefined) req.setHeader('content-length', Buffer.byteLength(body));
  return new Promise((resolve, reject) => {
    req.once('response', resolve);
    if (content === undefined) {
      req.once('error', reject);
      req.end(body);
    } else {
      // A refusal may come before all was sent: then the answer counts, and not what became of the rest.
      req.on('error', reject);
      pipeline(content, req).catch(reject);
    }
  });
}

async function readAuthority(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (err) {
    if (!isSystemError(err, 'ENOENT') && !isSystemError(err, 'EACCES')) throw err;
    throw new CommandError(`GANTRY_CA_FILE is ${file}, which cannot be read.`, err);
  }
}
