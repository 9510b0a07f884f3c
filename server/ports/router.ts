import type { Secret } from '../../lib/secret.ts';

/** The router in domain words; one per ingress machine, today one. */
export interface Router {
  /**
   * Makes the table true in every router process and on its disk; resolves once acknowledged.
   * Throws `fenced` when a newer controller has already spoken.
   */
  apply(table: Table, signal: AbortSignal): Promise<void>;
  /** Those of the certificates that it was not given yet; a table may name only others. */
  lacking(digests: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** Gives it a certificate with its key, chain first; false when it cannot use it. */
  entrust(bundle: Secret, signal: AbortSignal): Promise<boolean>;
  /** The version of the table it serves now; lower than what was applied means that it has lost its state. */
  applied(signal: AbortSignal): Promise<{ readonly epoch: number; readonly seq: number }>;
  /** One request through the router's public port to the instances named by `which`. */
  probe(request: ProbeRequest, signal: AbortSignal): Promise<ProbeAnswer>;
  /** What still carries requests, and what it has answered: of all apps, or of these, which is cheaper. */
  backends(of: 'all' | readonly string[], signal: AbortSignal): Promise<readonly BackendReport[]>;
}

export interface Table {
  readonly epoch: number;
  readonly seq: number;
  readonly routes: readonly TableRoute[];
}

export interface TableRoute {
  readonly app: string;
  readonly hosts: readonly string[];
  /** Hosts that lead here over TLS only. */
  readonly tlsHosts?: readonly string[];
  /** Hosts among them with a certificate of their own, by its digest. */
  readonly certificates?: readonly { readonly host: string; readonly digest: string }[];
  /** Visitors get a page that says so. */
  readonly maintenance?: boolean;
  /** A visitor comes back to the instance that answered him first, while it receives visitors. */
  readonly affinity?: boolean;
  readonly serving: TableBackend | null;
  readonly staged: TableBackend | null;
}

/** The same key keeps its place; another key is a switch of traffic. */
export interface TableBackend {
  readonly key: string;
  readonly servers: readonly { readonly id: string; readonly address: string; readonly port: number }[];
}

interface ProbeRequest {
  readonly app: string;
  readonly which: 'serving' | 'staged';
  readonly host: string;
  readonly path: string;
  readonly timeoutMs: number;
}

export interface ProbeAnswer {
  readonly status: number;
  /** False when the router itself had to answer. */
  readonly byApp: boolean;
  /** How long it took. */
  readonly ms: number;
  /** How many requests it was: one through each router process that was there. */
  readonly sent: number;
}

export interface BackendReport {
  readonly app: string;
  readonly key: string;
  readonly role: 'serving' | 'staged' | 'draining';
  readonly sessions: number;
  readonly requests: number;
  readonly dropped: number;
  readonly servers: readonly { readonly id: string; readonly sessions: number }[];
}
