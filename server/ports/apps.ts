import type { App, Formation, SeenApp } from '../domain/app.ts';
import type { Actor } from '../domain/actor.ts';
import type { NewSetup } from './app-setups.ts';
import type { Belonging } from './membership.ts';

export interface Apps extends Belonging {
  /** Makes the app and its release v1 (no image, empty config) in one transaction. Throws `name_taken`, `networks_used_up`. */
  create(
    input: {
      readonly id: string;
      readonly name: string;
      readonly ownerId: string;
      readonly deployBranch: string | null;
      /** It is to belong to this team; whoever makes it becomes a collaborator who may manage it. */
      readonly team?: { readonly id: string; readonly locked: boolean };
      /** It is to be made of a source: both are written down, or neither. */
      readonly setup?: NewSetup;
    },
    signal: AbortSignal,
  ): Promise<App>;
  /** By name or id, living apps only. */
  find(nameOrId: string, signal: AbortSignal): Promise<App | undefined>;
  /** As `find`, with what the actor is to it, whether or not they may see it. */
  findFor(actor: Actor, nameOrId: string, signal: AbortSignal): Promise<SeenApp | undefined>;
  /** Those the actor may see, by name. One that is as it was the last time may be the same object, so none is changed. */
  list(actor: Actor, signal: AbortSignal): Promise<readonly SeenApp[]>;
  /** False when the row changed since it was read. */
  setFormation(app: App, formation: Formation, signal: AbortSignal): Promise<boolean>;
  /** The one branch that deploys the app; null: `main` or `master`. False when the row changed since it was read. */
  setDeployBranch(app: App, branch: string | null, signal: AbortSignal): Promise<boolean>;
  /** False when the row changed since it was read. */
  setFlags(
    app: App,
    flags: { readonly maintenance?: boolean; readonly acm?: boolean },
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Notes what its repository takes on disk. Nothing for an app that is gone. */
  noteRepositoryBytes(appId: string, bytes: number, signal: AbortSignal): Promise<void>;
  /** Gives the app another name; false when the row changed since it was read. Throws `name_taken`. */
  rename(app: App, name: string, signal: AbortSignal): Promise<boolean>;
  /** Frees the name and its domains, and leaves the rest to the controller; false when the row changed since. */
  markDeleted(app: App, signal: AbortSignal): Promise<boolean>;
}
