import type { Secret } from '../../lib/secret.ts';
import type { Actor } from '../domain/actor.ts';
import type { App, SeenApp } from '../domain/app.ts';
import type { Build } from '../domain/build.ts';
import type { Certificate } from '../domain/certificate.ts';
import type { ConfigChange } from '../domain/config-vars.ts';
import type { Deployment } from '../domain/deployment.ts';
import type { Domain } from '../domain/domain.ts';
import type { Instance } from '../domain/instance.ts';
import type { ConfigVars, Release } from '../domain/release.ts';
import type { Account, Idempotency, Key } from '../ports/accounts.ts';
import type { LogLine } from '../ports/engine.ts';
import type { AppSetups } from '../services/app-setups.ts';
import type { AppOptions } from '../services/app-options.ts';
import type { Audit } from '../services/audit.ts';
import type { BrowserLogins } from '../services/browser-logins.ts';
import type { ExecGrants } from '../services/exec-grants.ts';
import type { EventStream } from '../services/event-stream.ts';
import type { Hosts } from '../services/hosts.ts';
import type { Logins } from '../services/logins.ts';
import type { MasterKeys } from '../services/master-keys.ts';
import type { People } from '../services/people.ts';
import type { Permits } from '../services/permits.ts';
import type { Pipelines } from '../services/pipelines.ts';
import type { Promotions } from '../services/promotions.ts';
import type { Drains } from '../services/drains.ts';
import type { Webhooks } from '../services/webhooks.ts';
import type { Runs } from '../services/runs.ts';
import type { TwoFactor } from '../services/two-factor.ts';
import type { Authorizations } from '../services/authorizations.ts';
import type { UploadName } from '../ports/uploads.ts';
import type { Collaborators } from '../services/collaborators.ts';
import type { Directory } from '../services/directory.ts';
import type { Teams } from '../services/teams.ts';
import type { Transfers } from '../services/transfers.ts';

/**
 * What the HTTP door needs of the services. Each of them authorizes before anything else and throws PlatformError;
 * `app` is a name or an id, as the client gave it.
 */
export interface Services {
  readonly accounts: {
    /** Throws `unauthorized`, `forbidden_address`. */
    authenticate(token: string, address: string, signal: AbortSignal): Promise<Actor>;
    /** The actor as they are now. Throws `unauthorized` when they, or what they proved themselves with, are gone. */
    renew(actor: Actor, signal: AbortSignal): Promise<Actor>;
    me(actor: Actor, signal: AbortSignal): Promise<Account>;
    setName(actor: Actor, name: string | null | undefined, signal: AbortSignal): Promise<Account>;
    addKey(actor: Actor, publicKey: string, signal: AbortSignal): Promise<Key>;
    keys(actor: Actor, signal: AbortSignal): Promise<readonly Key[]>;
    removeKey(actor: Actor, idOrFingerprint: string, signal: AbortSignal): Promise<Key>;
  };
  readonly authorizations: Authorizations;
  readonly logins: Logins;
  readonly browserLogins: BrowserLogins;
  readonly people: People;
  readonly twoFactor: TwoFactor;
  readonly apps: {
    /** As `find`, for whoever may deploy it. */
    deployable(actor: Actor, app: string, signal: AbortSignal): Promise<SeenApp>;
    rename(actor: Actor, app: string, name: string, signal: AbortSignal): Promise<SeenApp>;
    create(
      actor: Actor,
      input: { readonly name?: string; readonly team?: string; readonly locked?: boolean },
      signal: AbortSignal,
    ): Promise<SeenApp>;
    list(actor: Actor, signal: AbortSignal): Promise<readonly SeenApp[]>;
    find(actor: Actor, app: string, signal: AbortSignal): Promise<SeenApp>;
    /** As `find`, for whoever may operate it. */
    operable(actor: Actor, app: string, signal: AbortSignal): Promise<SeenApp>;
    setDeployBranch(actor: Actor, app: string, branch: string | null, signal: AbortSignal): Promise<App>;
    setMaintenance(actor: Actor, app: string, on: boolean, signal: AbortSignal): Promise<SeenApp>;
    setAcm(actor: Actor, app: string, on: boolean, signal: AbortSignal): Promise<SeenApp>;
    destroy(actor: Actor, app: string, signal: AbortSignal): Promise<SeenApp>;
  };
  readonly domains: {
    list(actor: Actor, app: string, signal: AbortSignal): Promise<OfApp<{ domains: readonly Domain[] }>>;
    find(actor: Actor, app: string, host: string, signal: AbortSignal): Promise<OfApp<{ domain: Domain }>>;
    add(
      actor: Actor,
      app: string,
      wanted: { readonly hostname: string; readonly certificate: string | null },
      signal: AbortSignal,
    ): Promise<OfApp<{ domain: Domain }>>;
    attach(
      actor: Actor,
      app: string,
      host: string,
      certificate: string | null,
      signal: AbortSignal,
    ): Promise<OfApp<{ domain: Domain }>>;
    remove(actor: Actor, app: string, host: string, signal: AbortSignal): Promise<OfApp<{ domain: Domain }>>;
  };
  readonly certificates: {
    list(
      actor: Actor,
      app: string,
      signal: AbortSignal,
    ): Promise<OfApp<{ certificates: readonly Certificate[] }>>;
    find(
      actor: Actor,
      app: string,
      which: string,
      signal: AbortSignal,
    ): Promise<OfApp<{ certificate: Certificate }>>;
    add(
      actor: Actor,
      app: string,
      brought: { readonly chain: string; readonly key: Secret },
      signal: AbortSignal,
    ): Promise<OfApp<{ certificate: Certificate }>>;
    replace(
      actor: Actor,
      app: string,
      which: string,
      brought: { readonly chain: string; readonly key: Secret },
      signal: AbortSignal,
    ): Promise<OfApp<{ certificate: Certificate }>>;
    remove(
      actor: Actor,
      app: string,
      which: string,
      signal: AbortSignal,
    ): Promise<OfApp<{ certificate: Certificate }>>;
  };
  readonly directory: Directory;
  readonly teams: Teams;
  readonly collaborators: Collaborators;
  readonly transfers: Transfers;
  readonly permits: Permits;
  readonly pipelines: Pipelines;
  readonly promotions: Promotions;
  readonly appSetups: AppSetups;
  readonly configVars: {
    get(actor: Actor, app: string, signal: AbortSignal): Promise<ConfigVars>;
    ofRelease(actor: Actor, app: string, release: string, signal: AbortSignal): Promise<ConfigVars>;
    change(
      actor: Actor,
      app: string,
      change: ConfigChange,
      signal: AbortSignal,
    ): Promise<{ readonly config: ConfigVars; readonly release: Release | null }>;
  };
  readonly releases: {
    /** Newest first. */
    list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly Release[]>;
    find(actor: Actor, app: string, versionOrId: string, signal: AbortSignal): Promise<Release>;
    rollback(
      actor: Actor,
      app: string,
      versionOrId: string | null,
      signal: AbortSignal,
    ): Promise<{ readonly release: Release; readonly deployment: Deployment }>;
    /** The image of a release again, with the config of now. */
    again(
      actor: Actor,
      app: string,
      releaseId: string,
      description: string | null,
      signal: AbortSignal,
    ): Promise<{ readonly release: Release; readonly deployment: Deployment }>;
    /** The latest deployment of a release; undefined for one that had nothing to deploy. */
    deploymentOf(
      actor: Actor,
      app: string,
      releaseId: string,
      signal: AbortSignal,
    ): Promise<Deployment | undefined>;
  };
  readonly formations: {
    list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly ProcessCount[]>;
    scale(
      actor: Actor,
      app: string,
      changes: ReadonlyMap<string, { readonly set: number } | { readonly by: number }>,
      signal: AbortSignal,
    ): Promise<readonly ProcessCount[]>;
  };
  readonly instances: {
    list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly Instance[]>;
    /** Throws `not_found` for a type or an instance that is not there; undefined when nothing is deployed. */
    restart(
      actor: Actor,
      app: string,
      which: { readonly type?: string; readonly number?: number },
      signal: AbortSignal,
    ): Promise<Deployment | undefined>;
  };
  readonly execGrants: Pick<ExecGrants, 'grant'>;
  readonly runs: Pick<Runs, 'start' | 'inside' | 'list' | 'stop' | 'claim'>;
  readonly builds: {
    list(actor: Actor, app: string, signal: AbortSignal): Promise<readonly Build[]>;
    find(actor: Actor, app: string, id: string, signal: AbortSignal): Promise<Build>;
    create(
      actor: Actor,
      app: string,
      source: {
        readonly from: { readonly upload: UploadName } | { readonly url: string };
        readonly checksum: string | null;
        readonly version: string | null;
        readonly description: string | null;
        readonly buildpacks: readonly string[] | null;
      },
      signal: AbortSignal,
    ): Promise<Build>;
    cancel(actor: Actor, app: string, id: string, signal: AbortSignal): Promise<Build>;
    purgeCache(actor: Actor, app: string, signal: AbortSignal): Promise<SeenApp>;
  };
  readonly options: AppOptions;
  readonly uploads: {
    open(actor: Actor): UploadName;
    put(name: UploadName, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number>;
    read(
      name: UploadName,
      signal: AbortSignal,
    ): Promise<{ readonly bytes: number; readonly content: AsyncIterable<Uint8Array> }>;
  };
  readonly logs: {
    read(
      actor: Actor,
      app: string,
      query: {
        readonly lines: number;
        readonly follow: boolean;
        readonly type?: string;
        readonly number?: number;
        readonly source?: string;
      },
      signal: AbortSignal,
    ): Promise<AsyncIterable<LogLine>>;
  };
  readonly transcripts: {
    /** The lines of a build or a deployment from the first on, until it is settled. */
    follow(stream: string, signal: AbortSignal): AsyncIterable<string>;
  };
  readonly audit: Audit;
  readonly hosts: Hosts;
  readonly masterKeys: Pick<MasterKeys, 'show' | 'rotate'>;
  readonly eventStream: EventStream;
  readonly drains: Drains;
  readonly webhooks: Omit<Webhooks, 'deliver' | 'prune'>;
  readonly idempotency: Idempotency;
}

/** What belongs to an app, with the app. */
type OfApp<T> = Readonly<T> & { readonly app: App };

/** One line of a formation. */
export interface ProcessCount {
  readonly type: string;
  readonly quantity: number;
  readonly command: string;
}
