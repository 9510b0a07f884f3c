/** What went wrong with a visit, or why the router answered it itself. */
type VisitFault =
  | 'none'
  | 'maintenance'
  | 'down'
  | 'refused'
  | 'connect_timeout'
  | 'queue'
  | 'timeout'
  | 'closed'
  | 'cut'
  | 'idle'
  | 'malformed'
  | 'client_left'
  | 'client_idle'
  | 'refused_by_rule'
  | 'router';

/** One request of a visitor to an app, told by the router when it had ended. */
export interface Visit {
  readonly app: string;
  readonly at: Date;
  /** As they were sent, a character per byte: they may hold anything. */
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly requestId: string;
  /** The visitor's address. */
  readonly from: string;
  readonly secure: boolean;
  /** Which instance was chosen, as the routing table calls it (`web-1-0`); null: none was. */
  readonly server: string | null;
  /** 0: there was no answer. */
  readonly status: number;
  readonly bytes: number;
  /** Null: there was no connection to an instance. */
  readonly connectMs: number | null;
  readonly serviceMs: number | null;
  readonly fault: VisitFault | null;
}

/** Why nothing answers for an app. */
export type Silence = 'blank' | 'scaled to 0' | 'crashed';

interface Code {
  readonly code: string;
  readonly desc: string;
  readonly at?: 'info' | 'warning';
  readonly sock?: 'client' | 'backend';
  /** What the visitor would have got; they did not stay for it. */
  readonly status?: number;
}

const CRASHED: Code = { code: 'H10', desc: 'App crashed' };
const SILENT: Readonly<Record<Silence, Code>> = {
  blank: { code: 'H81', desc: 'Blank app', at: 'info' },
  'scaled to 0': { code: 'H14', desc: 'No web processes running' },
  crashed: CRASHED,
};
const UNFIT: Code = { code: 'H99', desc: 'Platform error' };

const CODES: Readonly<Record<Exclude<VisitFault, 'none'>, Code>> = {
  maintenance: { code: 'H80', desc: 'Maintenance mode', at: 'info' },
  down: CRASHED,
  refused: { code: 'H21', desc: 'Backend connection refused' },
  connect_timeout: { code: 'H19', desc: 'Backend connection timeout' },
  queue: { code: 'H11', desc: 'Backlog too deep' },
  timeout: { code: 'H12', desc: 'Request timeout' },
  closed: { code: 'H13', desc: 'Connection closed without response' },
  cut: { code: 'H18', desc: 'Server Request Interrupted', sock: 'backend' },
  idle: { code: 'H15', desc: 'Idle connection' },
  malformed: { code: 'H17', desc: 'Poorly formatted HTTP response' },
  client_left: {
    ...{ code: 'H27', desc: 'Client Request Interrupted', at: 'warning', sock: 'client', status: 499 },
  },
  client_idle: {
    ...{ code: 'H28', desc: 'Client Connection Idle', at: 'warning', sock: 'client', status: 499 },
  },
  refused_by_rule: { code: 'H26', desc: 'Request Error' },
  router: UNFIT,
};

/** An upgraded connection has no regular end: whoever leaves it first, nothing went wrong. */
const UPGRADED = 101;
/** Of a longer path the beginning is enough to know it. */
const MOST_PATH = 8_000;

/**
 * The line of the router in an app's log, in the words and the order that clients of Heroku know. `silence`: why nothing
 * answers for the app, which only a visit with the fault `none` is asked for.
 */
export function visitText(visit: Visit, silence: Silence): string {
  const wrong = visit.status === UPGRADED ? undefined : codeOf(visit.fault, silence);
  const sock = wrong?.sock === undefined ? '' : `sock=${wrong.sock} `;
  const ended = wrong ? `at=${wrong.at ?? 'error'} code=${wrong.code} desc="${wrong.desc}"` : 'at=info';
  return [
    `${sock}${ended}`,
    `method=${plain(visit.method)}`,
    `path="${plain(visit.path).slice(0, MOST_PATH)}"`,
    `host=${plain(visit.host)}`,
    `request_id=${plain(visit.requestId)}`,
    `fwd="${plain(visit.from)}"`,
    `dyno=${instanceName(visit.server)}`,
    `connect=${milliseconds(visit.connectMs)}`,
    `service=${milliseconds(visit.serviceMs)}`,
    `status=${String(wrong?.status ?? visit.status)}`,
    `bytes=${String(visit.bytes)}`,
    `protocol=${visit.secure ? 'https' : 'http'}`,
  ].join(' ');
}

function codeOf(fault: VisitFault | null, silence: Silence): Code | undefined {
  if (fault === null) return undefined;
  return fault === 'none' ? SILENT[silence] : CODES[fault];
}

function milliseconds(ms: number | null): string {
  return ms === null ? '' : `${String(ms)}ms`;
}

/** `web.1` of `web-1-0`: the table says which attempt at it, too. */
function instanceName(server: string | null): string {
  return server === null ? '' : plain(server.replace(/-(\d+)-\d+$/, '.$1'));
}

/** Visible ASCII that ends no field and no quotation; every other byte as a URL would have it. */
function plain(text: string): string {
  return text.replace(
    /[^\x21\x23-\x5b\x5d-\x7e]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
