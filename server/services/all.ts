import type { Bulletin } from '../../lib/bulletin.ts';
import type { Logger } from '../../lib/log.ts';
import type { Accounts as AccountStore, Idempotency } from '../ports/accounts.ts';
import type { AppOptions } from '../ports/app-options.ts';
import type { AppSetups as AppSetupStore } from '../ports/app-setups.ts';
import type { Apps as AppStore } from '../ports/apps.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Builder } from '../ports/builder.ts';
import type { Builds as BuildStore } from '../ports/builds.ts';
import type { Certificates as CertificateStore } from '../ports/certificates.ts';
import type { Causes } from '../ports/causes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Domains as DomainStore } from '../ports/domains.ts';
import type { AppLogs, AppUsage } from '../ports/engine.ts';
import type { Hosts as HostsPort } from '../ports/hosts.ts';
import type { MasterKey, SealedValues } from '../ports/master-key.ts';
import type { LoginRequests } from '../ports/login-requests.ts';
import type { Passwords } from '../ports/passwords.ts';
import type { People as PeopleStore } from '../ports/people.ts';
import type {
  Collaborators as CollaboratorStore,
  Directory as DirectoryStore,
  Teams as TeamStore,
  Transfers as TransferStore,
} from '../ports/membership.ts';
import type { Pipelines as PipelineStore } from '../ports/pipelines.ts';
import type { Promotions as PromotionStore } from '../ports/promotions.ts';
import type { BuildQueue } from '../ports/queue.ts';
import type { RegistryTokens } from '../ports/registry.ts';
import type { DrainPipes, Drains as DrainStore } from '../ports/drains.ts';
import type { Happenings as HappeningStore } from '../ports/happenings.ts';
import type { Releases as ReleaseStore } from '../ports/releases.ts';
import type { Repositories } from '../ports/repositories.ts';
import type { Tokens as AccessTokens } from '../ports/tokens.ts';
import type { Egress } from '../ports/egress.ts';
import type { Webhooks as WebhookStore } from '../ports/webhooks.ts';
import type { Router } from '../ports/router.ts';
import type { RouterLines, VisitSource } from '../ports/visits.ts';
import type { Transcripts as TranscriptStore } from '../ports/transcripts.ts';
import type { Uploads as UploadStore } from '../ports/uploads.ts';
import { createAccounts } from './accounts.ts';
import { createAppOptions } from './app-options.ts';
import { createAppSetups } from './app-setups.ts';
import { createApps } from './apps.ts';
import { createAudit, type Audit } from './audit.ts';
import { auditedPushes } from './audited-pushes.ts';
import { createAuthorizations } from './authorizations.ts';
import { createBranches } from './branches.ts';
import { createBrowserLogins } from './browser-logins.ts';
import { createBuilds } from './builds.ts';
import { createCertificates } from './certificates.ts';
import { createCollaborators } from './collaborators.ts';
import { createConfigVars } from './config-vars.ts';
import { createDeploys } from './deploys.ts';
import { createDomains } from './domains.ts';
import { createDrainDelivery } from './drain-delivery.ts';
import { createDrains } from './drains.ts';
import { createEventStream } from './event-stream.ts';
import { createExecGrants } from './exec-grants.ts';
import { createFormations } from './formations.ts';
import { createHappenings } from './happenings.ts';
import { createHosts } from './hosts.ts';
import { createMasterKeys } from './master-keys.ts';
import { createInstances, type InstancesDeps } from './instances.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { createLogins } from './logins.ts';
import { createLogs } from './logs.ts';
import { createPeople } from './people.ts';
import { createDirectory } from './directory.ts';
import { createPermits } from './permits.ts';
import { createPipelines } from './pipelines.ts';
import { createPromoting } from './promoting.ts';
import { createPromotions } from './promotions.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createPushes, type PushesDeps } from './pushes.ts';
import { createReleases } from './releases.ts';
import { createRunOrders } from './run-orders.ts';
import { createRuns, type RunsDeps } from './runs.ts';
import { createSamples } from './samples.ts';
import { createSettingUp } from './setting-up.ts';
import { createSources } from './sources.ts';
import { createTwoFactor } from './two-factor.ts';
import { createTeams } from './teams.ts';
import { createTransfers } from './transfers.ts';
import { createTranscripts } from './transcripts.ts';
import { createUploads } from './uploads.ts';
import { createVisits } from './visits.ts';
import { createWebhooks } from './webhooks.ts';

/** What the use cases need from outside, each behind its port: the adapters in a server, memory in tests. */
export interface ServicePorts {
  readonly clock: Clock;
  readonly accounts: AccountStore;
  readonly accessTokens: AccessTokens;
  readonly people: PeopleStore;
  readonly loginRequests: LoginRequests;
  readonly passwords: Passwords;
  readonly directory: DirectoryStore;
  readonly teams: TeamStore;
  readonly collaborators: CollaboratorStore;
  readonly transfers: TransferStore;
  readonly pipelines: PipelineStore;
  readonly promotions: PromotionStore;
  readonly setups: AppSetupStore;
  readonly apps: AppStore;
  readonly releases: ReleaseStore;
  readonly domains: DomainStore;
  readonly certificates: CertificateStore;
  readonly builds: BuildStore;
  readonly options: AppOptions;
  readonly uploads: UploadStore;
  readonly transcripts: TranscriptStore;
  readonly idempotency: Idempotency;
  readonly engine: AppLogs & AppUsage & RunsDeps['engine'];
  readonly repositories: Repositories;
  readonly builder: Builder;
  readonly tokens: RegistryTokens;
  readonly queue: BuildQueue;
  readonly bulletin: Bulletin;
  readonly trail: AuditTrail;
  readonly happenings: HappeningStore;
  readonly webhooks: WebhookStore;
  readonly drains: DrainStore;
  readonly drainPipes: DrainPipes;
  readonly egress: Egress;
  readonly router: VisitSource & Pick<Router, 'backends'>;
  readonly routerLines: RouterLines;
  readonly hosts: HostsPort;
  readonly masterKey: MasterKey;
  readonly sealedValues: SealedValues;
  readonly causes: Causes;
}

export interface ServiceDeps {
  readonly controller: InstancesDeps['controller'];
  readonly log: Logger;
  readonly sessions: RunsDeps['sessions'];
  readonly watch: RunsDeps['watch'];
  /** The public key of the SSH door into instances, in OpenSSH's one-line form. */
  readonly execHostKey: string;
  /** The reign of this server. */
  readonly epoch: number;
  /** Where an app is reached. */
  readonly urlOf: (app: string) => string;
  /** Below which the apps' own addresses are. */
  readonly platformDomain: string;
  /** Whether the router has acknowledged that it carries the app of this name. */
  readonly routed: (app: string) => boolean;
}

/** Every use case there is, over ports. */
export function createServices(ports: ServicePorts, deps: ServiceDeps) {
  const { controller, log, epoch, urlOf, platformDomain, routed } = deps;
  const { directory, teams } = ports;
  const { clock, apps, releases, builds, repositories, bulletin, queue, tokens, builder } = ports;
  const { people, passwords } = ports;
  const throttle = createLoginThrottle(() => clock.now());
  const authorizations = createAuthorizations({ store: ports.accessTokens, apps, clock });
  const audit = createAudit({ trail: ports.trail, causes: ports.causes, apps, clock, log });
  const logins = createLogins({ people, passwords, throttle, audit, clock });
  const orders = createRunOrders(ports.engine);
  const runs = createRuns({ ...ports, ...deps, orders });
  const ownApps = createApps({ store: apps, teams, repositories, controller, routed });
  const transcripts = createTranscripts({ store: ports.transcripts, builds, releases, bulletin });
  return {
    accounts: createAccounts({ store: ports.accounts, tokens: ports.accessTokens, clock }),
    logins,
    browserLogins: createBrowserLogins({
      ...{ requests: ports.loginRequests, accounts: ports.accounts, people, tokens: ports.accessTokens },
      ...{ logins, authorizations, audit, clock },
    }),
    people: createPeople({ store: people, passwords, clock }),
    twoFactor: createTwoFactor({ people, logins, clock, issuer: `Gantry (${platformDomain})` }),
    authorizations,
    apps: ownApps,
    ...setupServices(ports, deps, { apps: ownApps, orders }),
    directory: createDirectory({ store: directory }),
    teams: createTeams({ store: teams, apps, directory }),
    collaborators: createCollaborators({ apps, directory, teams, store: ports.collaborators }),
    transfers: createTransfers({ apps, teams, directory, store: ports.transfers }),
    ...pipelineServices(ports, deps),
    configVars: createConfigVars({ apps, releases, controller }),
    domains: createDomains({
      ...{ apps, controller, platformDomain },
      store: ports.domains,
      certificates: ports.certificates,
    }),
    certificates: createCertificates({
      ...{ apps, controller, clock },
      store: ports.certificates,
      domains: ports.domains,
    }),
    releases: createReleases({ apps, store: releases, controller }),
    formations: createFormations({ apps, releases, controller }),
    instances: createInstances({ apps, releases, controller }),
    runs,
    execGrants: createExecGrants(runs, ports.accounts, deps.execHostKey, () => clock.now().getTime()),
    ...logServices(ports, log),
    builds: createBuilds({
      ...{
        apps,
        store: builds,
        repositories,
        uploads: ports.uploads,
        egress: ports.egress,
        transcripts,
        queue,
        controller,
        builder,
      },
    }),
    uploads: createUploads({ store: ports.uploads }),
    options: createAppOptions({ apps, store: ports.options, clock, controller }),
    transcripts,
    idempotency: ports.idempotency,
    audit,
    hosts: createHosts(ports.hosts),
    masterKeys: createMasterKeys({ ...ports, log }),
    webhooks: createWebhooks({ apps, store: ports.webhooks, egress: ports.egress, clock, log }),
    ...gitServices(ports, deps, { transcripts, audit }),
    deploys: createDeploys({
      ...{ apps, builds, releases, repositories, builder, tokens, transcripts, controller, bulletin, log },
      options: ports.options,
      epoch: () => epoch,
      urlOf,
    }),
  };
}

/** What keeps repositories, and what comes in by git. */
function gitServices(
  ports: ServicePorts,
  { log, urlOf }: ServiceDeps,
  own: Pick<PushesDeps, 'transcripts'> & { readonly audit: Audit },
) {
  const { apps, builds, repositories } = ports;
  const open = new Set<string>();
  const housekeeping = createHousekeeping({ apps, repositories, log });
  const pushes = createPushes({ ...ports, ...own, housekeeping, open, log, urlOf });
  return {
    housekeeping,
    pushes: auditedPushes(pushes, own.audit),
    sources: createSources({ builds, repositories }),
    branches: createBranches({ apps, builds, repositories, open, log }),
  };
}

function pipelineServices(ports: ServicePorts, { controller, log, epoch }: ServiceDeps) {
  const { apps, releases, teams, pipelines, promotions: store } = ports;
  const { builder, tokens, bulletin } = ports;
  const ownPipelines = createPipelines({ ...ports, store: pipelines });
  return {
    pipelines: ownPipelines,
    permits: createPermits({ apps, teams, store: pipelines, pipelines: ownPipelines }),
    promotions: createPromotions({ apps, releases, pipelines, store }),
    promoting: createPromoting({
      ...{ apps, releases, store, builder, tokens, controller, bulletin, log },
      epoch: () => epoch,
    }),
  };
}

function setupServices(
  ports: ServicePorts,
  { controller, log, epoch, urlOf }: ServiceDeps,
  own: Pick<Parameters<typeof createAppSetups>[0], 'apps'> &
    Pick<Parameters<typeof createSettingUp>[0], 'orders'>,
) {
  const { apps: appStore, builds, setups: store, egress } = ports;
  return {
    appSetups: createAppSetups({ apps: own.apps, appStore, builds, store, egress }),
    settingUp: createSettingUp({
      ...{ ...ports, store, controller, log, urlOf },
      orders: own.orders,
      epoch: () => epoch,
    }),
  };
}

/** What happens, all that an app's log is made of, and where both also go. */
function logServices(ports: ServicePorts, log: Logger) {
  const { apps, happenings: store, bulletin, egress, engine, router, clock } = ports;
  const happenings = createHappenings({ store, apps, bulletin });
  const visits = createVisits({ source: router, lines: ports.routerLines, apps, log });
  const logs = createLogs({ apps, visits, logs: engine, happenings: store, bulletin });
  const samples = createSamples({ engine, router, clock });
  const eventStream = createEventStream({ apps, happenings, logs, samples });
  const drains = createDrains({ apps, store: ports.drains, egress, bulletin });
  const draining = { store: ports.drains, pipes: ports.drainPipes, logs, bulletin, log };
  return { visits, logs, happenings, eventStream, drains, drainDelivery: createDrainDelivery(draining) };
}

export type AllServices = ReturnType<typeof createServices>;
