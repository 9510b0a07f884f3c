import * as z from 'zod';
import { auditEntry, auditVerdict } from '../server/contract/audit-resources.ts';
import { masterKeyState } from '../server/contract/master-key-resources.ts';
import { event, eventGap, logEvent, metricEvent } from '../server/contract/event-resources.ts';
import { host } from '../server/contract/host-resources.ts';
import { logDrain } from '../server/contract/drain-resources.ts';
import {
  authorization,
  invitation,
  recoveryCodes,
  session,
  twoFactor,
  user,
} from '../server/contract/identity-resources.ts';
import { appFeature, registryBuildpack, registryRevision } from '../server/contract/option-resources.ts';
import { buildpackInstallation } from '../server/contract/option-resources.ts';
import {
  pipeline,
  pipelineCoupling,
  pipelineTransfer,
  promotionTarget,
} from '../server/contract/pipeline-resources.ts';
import { appSetup } from '../server/contract/setup-resources.ts';
import * as wire from '../server/contract/resources.ts';
import { webhook, webhookDelivery, webhookEvent } from '../server/contract/webhook-resources.ts';

const compared = z.object({
  app: z.string(),
  release: z.string(),
  commit: z.string().nullable(),
  image: z.string().nullable(),
});
const difference = z.object({ name: z.string(), from: z.string().nullable(), to: z.string().nullable() });

/**
 * What `--json` prints, by name: mostly what the API answers. A shape only ever grows: scripts live by it. Loaded by the
 * documentation and by tests, never by a command.
 */
export const SHAPES = {
  Account: wire.account,
  Address: z.object({ url: z.string() }),
  App: wire.app,
  AppDifference: z.object({
    property: z.string(),
    first: z.string().nullable(),
    second: z.string().nullable(),
  }),
  AppInfo: z.object({
    app: wire.app,
    formation: z.array(wire.formation),
    domains: z.array(wire.domain),
    collaborators: z.array(wire.collaborator),
    deploy_branch: z.string().nullable(),
    coupling: pipelineCoupling.nullable(),
  }),
  AppSetup: appSetup,
  AppTransfer: wire.appTransfer,
  AuditEntry: auditEntry,
  AuditVerdict: auditVerdict,
  MasterKey: masterKeyState,
  Authorization: authorization,
  AutomaticCertificates: z.object({ app: wire.app, domains: z.array(wire.domain) }),
  Build: wire.build,
  BuildpackInstallation: buildpackInstallation,
  BuildpackName: z.string(),
  BuildpackVersion: registryRevision,
  Certificate: wire.sniEndpoint,
  CertificateFiles: z.object({
    key: z.string(),
    certificate: z.string().optional(),
    request: z.string().optional(),
  }),
  Collaborator: wire.collaborator,
  ConfigVars: wire.configVars,
  CopiedFile: z.object({ dyno: z.string(), file: z.string(), output: z.string(), bytes: z.number() }),
  Credentials: z.object({ url: z.string(), token: z.string() }),
  DeployBranch: wire.deployBranch,
  DeployPlan: z.object({
    app: z.string(),
    detected: z.string().nullable(),
    files: z.number(),
    bytes: z.number(),
    release: z.number(),
    restarts: z.array(z.object({ type: z.string(), quantity: z.number() })),
  }),
  Deployment: wire.deployment,
  Domain: wire.domain,
  Dyno: wire.dyno,
  DynoSize: wire.dynoSize,
  Event: event,
  EventGap: eventGap,
  Failure: z.object({
    error: z.object({
      id: z.string(),
      message: z.string(),
      retry: z.boolean(),
      resource: z.string().optional(),
      request_id: z.string().optional(),
    }),
  }),
  Feature: appFeature,
  Formation: wire.formation,
  GitClone: z.object({ directory: z.string(), remote: z.string(), url: z.string() }),
  GitRemote: z.object({ remote: z.string(), url: z.string() }),
  Host: host,
  Invitation: invitation,
  Key: wire.key,
  LogDrain: logDrain,
  LogEvent: logEvent,
  LogLine: z.object({
    at: z.string().optional(),
    source: z.string().optional(),
    instance: z.string().optional(),
    text: z.string(),
  }),
  Login: z.object({ url: z.string(), email: z.string() }),
  Logout: z.object({ forgotten: z.boolean(), revoked: z.boolean() }),
  MetricEvent: metricEvent,
  NewWebhook: webhook.extend({ secret: z.string() }),
  Nothing: z.strictObject({}),
  Page: z.object({ name: z.string(), title: z.string(), path: z.string() }),
  OutputLine: z.object({ text: z.string() }),
  Pipeline: pipeline,
  PipelineCoupling: pipelineCoupling,
  PipelineDiff: z.object({ source: compared, targets: z.array(compared.extend({ same: z.boolean() })) }),
  PipelineInfo: z.object({ pipeline, apps: z.array(pipelineCoupling) }),
  PipelineTransfer: pipelineTransfer,
  PromotionTarget: promotionTarget,
  RecoveryCodes: recoveryCodes,
  Region: wire.region,
  RegistryBuildpack: registryBuildpack,
  Release: wire.release,
  ReleaseDiff: z.object({
    from: z.number(),
    to: z.number(),
    image: z.object({ from: z.string().nullable(), to: z.string().nullable() }).nullable(),
    processes: z.array(difference),
    config: z.array(difference),
  }),
  ReleaseInfo: z.object({ release: wire.release, deployment: wire.deployment.nullable() }),
  RollbackPlan: z.object({
    app: z.string(),
    to: z.number(),
    release: z.number(),
    formation: z.array(wire.formation),
  }),
  Session: session,
  Stacks: z.object({ app: wire.app.shape.stack, stacks: z.array(wire.stack) }),
  Status: z.object({
    url: z.string(),
    milliseconds: z.number(),
    email: z.string(),
    status: z.array(z.object({ system: z.string(), status: z.string() })),
  }),
  Team: wire.team,
  TeamInfo: z.object({ team: wire.team, members: z.array(wire.teamMember), apps: z.array(wire.app) }),
  TeamMember: wire.teamMember,
  TwoFactor: twoFactor,
  User: user,
  Version: z.object({ version: z.string(), platform: z.string(), node: z.string() }),
  Webhook: webhook,
  WebhookDelivery: webhookDelivery,
  WebhookEvent: webhookEvent,
} as const satisfies Readonly<Record<string, z.ZodType>>;

type ShapeName = keyof typeof SHAPES;

/** One of the shapes, a list of them, or one on each line for as long as it goes on. */
type One = ShapeName | `${ShapeName}[]` | `${ShapeName} per line`;

/** What a command prints with `--json`; several where that depends on its arguments. */
export type Output = One | readonly [One, One, ...One[]];

/** The schema of what is printed at once, or on each line. */
export function schemaOf(output: Output): z.ZodType {
  if (typeof output !== 'string') return z.union(output.map((one) => schemaOf(one)));
  const name = output.replace(/\[\]$| per line$/, '');
  const schema: z.ZodType | undefined = (SHAPES as Readonly<Record<string, z.ZodType>>)[name];
  if (schema === undefined) throw new Error(`there is no shape ${name}`);
  return output.endsWith('[]') ? z.array(schema) : schema;
}

/** Whether it prints one a line, for as long as there are more. */
export function goesOn(output: Output): boolean {
  return [output].flat().every((one) => one.endsWith(' per line'));
}
