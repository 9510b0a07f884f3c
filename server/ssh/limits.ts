/** How much one client, one source and all together may hold of the door. */
export interface SshLimits {
  /** From the TCP connection to the login. */
  readonly loginGraceMs: number;
  readonly connections: number;
  /** Connections that have not logged in, in all and from one source. When full, the oldest makes room. */
  readonly strangers: number;
  readonly strangersPerSource: number;
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
  connections: 1000,
  strangers: 100,
  strangersPerSource: 10,
  keyTries: 6,
  connectionsPerActor: 50,
  channelsPerConnection: 10,
  commandsPerKey: 20,
  idleMs: 120_000,
  keepAliveMs: 15_000,
  keyCheckMs: 3_000,
};
