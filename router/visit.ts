import type { Visit } from './contract.ts';

/** How HAProxy names one of its servers in what it says of a request. */
interface Answerer {
  readonly place: string;
  readonly server: string;
}

/** A request as HAProxy tells it: all but which server of the table its server is. */
export type ToldVisit = Omit<Visit, 'server'> & Answerer;

/** The longest message of HAProxy; a longer one is cut, and then not understood. */
export const MESSAGE_BYTES = 16_384;
/** Of a longer path only the beginning is told. */
export const PATH_BYTES = 8_192;

/**
 * What HAProxy says of a request, one space between fields. What visitors choose freely is in base64, in which nothing can
 * be a space or an end of line; all else is HAProxy's own, or was checked by a rule before it was stored.
 */
export const VISIT_FORMAT = [
  'visit %[date(0,us)] %[var(txn.app)] %b %s %ST %ts',
  '%TR %Tw %Tc %Ta %B %ci %[var(txn.request_id)] %[var(txn.secure)]',
  '%[capture.req.method,base64] %[var(txn.host),base64] %[capture.req.uri,base64]',
].join(' ');

const FIELDS = 18;
const APP = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Reads a message of `VISIT_FORMAT`; undefined for any other, and for a request that led to no app. */
export function parseVisit(message: Buffer): ToldVisit | undefined {
  const fields = message.toString('latin1').trimEnd().split(' ');
  const [word, at, app = '', place = '', server = '', status, ending = ''] = fields;
  if (word !== 'visit' || fields.length !== FIELDS || !APP.test(app) || app === '-') return undefined;
  const [reading, waiting, connecting, all, bytes] = fields.slice(7, 12).map(Number);
  const [from = '', requestId = '', secure, method, host, path] = fields.slice(12);
  const numbers = [Number(at), Number(status), reading, waiting, connecting, all, bytes];
  if (!numbers.every((one) => Number.isSafeInteger(one))) return undefined;
  const connected = atLeast0(connecting);
  return {
    ...{ app, place, server, requestId, from: from.slice(0, 64), secure: secure === 'tls' },
    at: atLeast0(Number(at)),
    method: decoded(method),
    host: decoded(host),
    path: decoded(path),
    fault: faultOf(place, server, ending),
    status: atLeast0(Number(status)),
    bytes: atLeast0(bytes),
    connectMs: connecting === -1 ? null : connected,
    // All but the time in which the request was read, waited for a server, and was being connected.
    serviceMs:
      connecting === -1 ? null : atLeast0((all ?? 0) - atLeast0(reading) - atLeast0(waiting) - connected),
  };
}

function atLeast0(value: number | undefined): number {
  return Math.max(0, value ?? 0);
}

/** Bytes, not characters: what a visitor sent need not be text. */
function decoded(base64: string | undefined): string {
  return base64 === undefined || base64 === '-' ? '' : Buffer.from(base64, 'base64').toString('latin1');
}

/** No server of the place was up, or none was left to try. */
const NO_SERVER = '<NOSRV>';

/** By HAProxy's two letters on how a stream ended: who ended it, and in which state it was. */
function faultOf(place: string, server: string, ending: string): Visit['fault'] {
  if (place === 'none' || place === 'maintenance') return place;
  const [who = '-', when = '-'] = ending;
  if (who === 'C' || who === 'c') return who === 'C' ? 'client_left' : 'client_idle';
  if (who === 'P') return when === 'H' ? 'malformed' : 'refused_by_rule';
  if (who === 'S' && when === 'C') return server === NO_SERVER ? 'down' : 'refused';
  if (who === 'S' || who === 's') return SERVER_FAULTS[`${who}${when}`] ?? 'closed';
  // `L`: the router's own answer; `-`: all went well; `K`, `D`: it was cut because its server was given up.
  if (who === 'K' || who === 'D' || who === 'U') return 'cut';
  return who === 'I' || who === 'R' ? 'router' : null;
}

const SERVER_FAULTS: Readonly<Record<string, Visit['fault']>> = {
  sC: 'connect_timeout',
  SH: 'closed',
  sH: 'timeout',
  SD: 'cut',
  sD: 'idle',
  SQ: 'down',
  sQ: 'queue',
};
