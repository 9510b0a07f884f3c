import type { InstanceSpec } from '../../ports/engine.ts';
import type { RunSpec } from '../../ports/runs.ts';

/** What a container is, written on it; the database is not needed to know whose it is. */
export const LABEL = {
  platform: 'gantry.platform',
  app: 'gantry.app',
  appName: 'gantry.app-name',
  seq: 'gantry.seq',
  release: 'gantry.release',
  type: 'gantry.type',
  number: 'gantry.number',
  attempt: 'gantry.attempt',
  port: 'gantry.port',
  run: 'gantry.run',
  command: 'gantry.command',
  attached: 'gantry.attached',
  size: 'gantry.size',
  ends: 'gantry.ends',
} as const;

/** What names an instance for good: the same identity is the same container. */
export interface Identity {
  readonly appId: string;
  readonly appName: string;
  readonly seq: number;
  readonly type: string;
  readonly number: number;
  readonly attempt: number;
}

/** The identity of what is to be started. */
export function identityOf(spec: InstanceSpec): Identity {
  const { seq, type, number, attempt } = spec;
  return { appId: spec.app.id, appName: spec.app.name, seq, type, number, attempt };
}

/** `gantry-<platform>-<app>-<app id, 8>-d<seq>-<type>-<number>-<attempt>`; unambiguous because the last two are numbers. */
export function containerName(platformId: string, of: Identity): string {
  const app = `${clean(of.appName)}-${clean(of.appId).slice(0, 8)}`;
  return `gantry-${platformId}-${app}-d${of.seq}-${clean(of.type)}-${of.number}-${of.attempt}`;
}

/** The labels of an instance's container. All of them are always set, so that a label in a user's image cannot stand in for one. */
export function containerLabels(platformId: string, spec: InstanceSpec): Record<string, string> {
  return {
    [LABEL.platform]: platformId,
    [LABEL.app]: spec.app.id,
    [LABEL.appName]: spec.app.name,
    [LABEL.seq]: String(spec.seq),
    [LABEL.release]: String(spec.release),
    [LABEL.type]: spec.type,
    [LABEL.number]: String(spec.number),
    [LABEL.attempt]: String(spec.attempt),
    [LABEL.port]: spec.port === null ? '' : String(spec.port),
  };
}

/** `gantry-<platform>-<app>-<app id, 8>-run-<number>`: never the name of an instance, which has `d<seq>` there. */
export function runContainerName(
  platformId: string,
  of: { readonly appId: string; readonly appName: string; readonly number: number },
): string {
  return `gantry-${platformId}-${clean(of.appName)}-${clean(of.appId).slice(0, 8)}-run-${of.number}`;
}

/** The labels of a run's container; those of an instance are emptied, so that none of its image can stand in for one. */
export function runLabels(platformId: string, spec: RunSpec): Record<string, string> {
  return {
    [LABEL.platform]: platformId,
    [LABEL.app]: spec.app.id,
    [LABEL.appName]: spec.app.name,
    [LABEL.release]: String(spec.release),
    [LABEL.seq]: '',
    [LABEL.type]: '',
    [LABEL.number]: '',
    [LABEL.attempt]: '',
    [LABEL.port]: '',
    [LABEL.run]: String(spec.number),
    [LABEL.command]: spec.command,
    [LABEL.attached]: spec.attached ? 'yes' : 'no',
    [LABEL.size]: spec.size.name,
    [LABEL.ends]: String(Math.floor(spec.endsAt.getTime() / 1000)),
  };
}

/** An app's private network. By its whole id: two apps must never meet because eight characters are alike. */
export function networkName(platformId: string, appId: string): string {
  return `gantry-${platformId}-${clean(appId)}`;
}

/**
 * What the bridges of all app networks of a platform begin with, and nothing else does: the packet rules match it.
 * At most 9 characters, which leaves 6 for the network's number (a device name holds 15).
 */
export function bridgePrefix(platformId: string): string {
  return `gt${platformId}n`;
}

/** The name of the bridge device of one app's network. */
export function bridgeName(platformId: string, index: number): string {
  return `${bridgePrefix(platformId)}${index.toString(36)}`;
}

/** The name an instance sees as its own: `web-1`. */
export function hostName(type: string, number: number): string {
  return `${type.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')}-${number}`.slice(0, 63);
}

function clean(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.-]/g, '_');
}
