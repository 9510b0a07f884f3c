/** Moving an app from what runs to a release: `pending → rolling → succeeded | failed | superseded`. */
export interface Deployment {
  readonly id: string;
  readonly appId: string;
  /** Numbered per app; names the instances of this deployment and orders them. */
  readonly seq: number;
  readonly releaseId: string;
  readonly releaseVersion: number;
  readonly status: DeploymentStatus;
  readonly failure: string | null;
  readonly ledger: Ledger | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

type DeploymentStatus = 'pending' | 'rolling' | 'succeeded' | 'failed' | 'superseded';

/** What a deployment cost, as told to whoever pushed. Times in milliseconds. */
export interface Ledger {
  /** From the first instance's start until all were healthy. */
  readonly bootMs: number;
  /** From the order to switch until every router process had acknowledged it. */
  readonly switchMs: number;
  /** Requests of this app answered while the deployment ran, and those the router had to fail. */
  readonly requests: number;
  readonly dropped: number;
}

/** True once nothing more will happen to the deployment. */
export function decided(deployment: Pick<Deployment, 'status'>): boolean {
  return deployment.status !== 'pending' && deployment.status !== 'rolling';
}
