/** How much one client, one source and all together may hold of the door; see docs/operations/ssh.md. */
export interface SshLimits {
  /** From the beginning of the handshake to the login. As long may a connection wait for its turn. */
  readonly loginGraceMs: number;
  /** How long a connection may be idle before its key exchange when others wait for its place. */
  readonly beginMs: number;
  /** In the handshake or logged in, in all. */
  readonly connections: number;
  /** Connections in the handshake, in all and from one source. */
  readonly strangers: number;
  readonly strangersPerSource: number;
  /** Connections that wait for their turn, in all and from one source. */
  readonly waiting: number;
  readonly waitingPerSource: number;
  /** Keys one connection may try. */
  readonly keyTries: number;
  readonly connectionsPerActor: number;
  readonly channelsPerConnection: number;
  /** Commands of the platform that one key may run at a time. */
  readonly commandsPerKey: number;
  /** A logged-in connection on which nothing runs. */
  readonly idleMs: number;
  readonly keepAliveMs: number;
  /** How soon a revoked key closes its connections. */
  readonly keyCheckMs: number;
}

export const LIMITS: SshLimits = {
  loginGraceMs: 15_000,
  beginMs: 500,
  connections: 1000,
  strangers: 300,
  strangersPerSource: 100,
  waiting: 500,
  waitingPerSource: 250,
  keyTries: 6,
  connectionsPerActor: 100,
  channelsPerConnection: 10,
  commandsPerKey: 20,
  idleMs: 120_000,
  keepAliveMs: 15_000,
  keyCheckMs: 3_000,
};
