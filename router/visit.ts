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
  if (fields[0] !== 'visit' || fields.length !== FIELDS) return undefined;
  const text = (index: number): string => fields[index] ?? '';
  const numbers = [1, 5, 7, 8, 9, 10, 11].map((index) => Number(text(index)));
  if (!APP.test(text(2)) || !numbers.every((one) => Number.isSafeInteger(one))) return undefined;
  const [at, status, reading, waiting, connecting = -1, all = 0, bytes] = numbers;
  const connected = atLeast0(connecting);
  // All but the time in which the request was read, waited for a server, and was being connected.
  const service = atLeast0(all - atLeast0(reading) - atLeast0(waiting) - connected);
  return {
    ...{ app: text(2), place: text(3), server: text(4), from: text(12).slice(0, 64), requestId: text(13) },
    ...{ at: atLeast0(at), status: atLeast0(status), bytes: atLeast0(bytes) },
    secure: text(14) === 'tls',
    method: decoded(text(15)),
    host: decoded(text(16)),
    path: decoded(text(17)),
    fault: faultOf(text(3), text(4), text(6)),
    connectMs: connecting === -1 ? null : connected,
    serviceMs: connecting === -1 ? null : service,
  };
}

function atLeast0(value: number | undefined): number {
  return Math.max(0, value ?? 0);
}

/** Bytes, not characters: what a visitor sent need not be text. */
function decoded(base64: string): string {
  return base64 === '-' ? '' : Buffer.from(base64, 'base64').toString('latin1');
}

/** No server of the place was up, or none was left to try. */
const NO_SERVER = '<NOSRV>';

/** By HAProxy's two letters on how a stream ended: who ended it, and in which state it was. */
function faultOf(place: string, server: string, ending: string): Visit['fault'] {
  if (place === 'none' || place === 'maintenance') return place;
  if (ending === 'SC' && server === NO_SERVER) return 'down';
  return FAULTS[ending] ?? BY_WHOM[ending.charAt(0)] ?? null;
}

const FAULTS: Readonly<Record<string, Visit['fault']>> = {
  SC: 'refused',
  sC: 'connect_timeout',
  SH: 'closed',
  sH: 'timeout',
  SD: 'cut',
  sD: 'idle',
  SQ: 'down',
  sQ: 'queue',
  PH: 'malformed',
};

/** `-` and `L` (the router's own answer) are no faults; `D`, `K`, `U`: a server was given up in the middle. */
const BY_WHOM: Readonly<Record<string, Visit['fault']>> = {
  ...{ C: 'client_left', c: 'client_idle', P: 'refused_by_rule', S: 'closed', s: 'closed' },
  ...{ D: 'cut', K: 'cut', U: 'cut', I: 'router', R: 'router' },
};
